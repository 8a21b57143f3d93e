# Proportional-hazards tests, restricted means with their errors, and Cox models with delayed entry, by R (4.2.2) survival
# (3.5-3). Writes synthesis_data.csv and synthesis.csv into the folder given as the only argument (default: the current one).
suppressMessages(library(survival))
folder <- c(commandArgs(TRUE), ".")[1]
f <- function(x) sprintf("%.14g", x)
set.seed(20251121)
data <- NULL; rows <- NULL
for (set in 1:40) {
  n1 <- sample(12:40, 1); n0 <- sample(12:40, 1); group <- rep(1:0, c(n1, n0))
  # months in tenths, halves or whole ones, so that ties are few or many; hazards cross in every third set
  shape <- if (set %% 3 == 0) ifelse(group == 1, 0.7, 1.8) else 1
  unit <- c(10, 2, 1)[set %% 3 + 1]
  true <- rweibull(n1 + n0, shape, ifelse(group == 1, 14, 9)); censor <- runif(n1 + n0, 4, 40)
  time <- ceiling(pmin(true, censor) * unit) / unit; event <- as.integer(true <= censor)
  data <- rbind(data, data.frame(set, time = f(time), event, group))
  fit <- coxph(Surv(time, event) ~ group, ties = "efron")
  zph <- sapply(c("km", "log", "identity"), function(s) cox.zph(fit, transform = s, global = FALSE)$table[1, c("chisq", "p")])
  mean12 <- summary(survfit(Surv(time, event) ~ 1, subset = group == 1), rmean = 12)$table[c("rmean", "se(rmean)")]
  # those of group 1 enter after `delay` months on the time since the first treatment; the others from its start
  delay <- 3; entry <- ifelse(group == 1, delay, 0)
  entered <- coxph(Surv(entry, entry + time, event) ~ group, ties = "efron")
  keep <- time > 0
  period <- time > 2
  early <- coxph(Surv(pmin(time, 8) - 2, event * (time <= 8)) ~ group, subset = period, ties = "efron")
  rows <- rbind(rows, data.frame(set, chi2_km = f(zph[1, 1]), p_km = f(zph[2, 1]), chi2_log = f(zph[1, 2]), p_log = f(zph[2, 2]),
    chi2_identity = f(zph[1, 3]), p_identity = f(zph[2, 3]), rmean = f(mean12[1]), rmean_se = f(mean12[2]),
    entry_coef = f(coef(entered)), entry_se = f(sqrt(vcov(entered)[1, 1])), period_coef = f(coef(early)), period_se = f(sqrt(vcov(early)[1, 1]))))
}
write.csv(data, file.path(folder, "synthesis_data.csv"), row.names = FALSE, quote = FALSE)
write.csv(rows, file.path(folder, "synthesis.csv"), row.names = FALSE, quote = FALSE)
