# Times R's survfit (with the median's limits), survdiff and coxph on data sets of a CSV (set,group,time,event):
# seconds of processor time for each data set. Rscript benchmarks/estimators.R DATA.csv REPEATS
suppressPackageStartupMessages(library(survival))
arguments <- commandArgs(trailingOnly = TRUE)
sets <- split(read.csv(arguments[1]), read.csv(arguments[1])$set)
analyse <- function(d) {
  survfit(Surv(time, event) ~ group, data = d)
  survdiff(Surv(time, event) ~ group, data = d)
  coxph(Surv(time, event) ~ group, data = d)
}
for (d in sets) analyse(d)
best <- min(sapply(seq_len(as.integer(arguments[2])), function(i) sum(system.time(for (d in sets) analyse(d))[c("user.self", "sys.self")])))
cat(format(best / length(sets), digits = 15), "\n")
