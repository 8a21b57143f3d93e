# Survival statistics of R's survival package on random data with ties and censoring: what tests/survival compares with.
# Rscript tests/oracle/survival.R DATA.csv STATISTICS.csv [CURVES.csv]
#   DATA.csv        set,group,time,event
#   STATISTICS.csv  set,statistic,value (17 significant digits; NA where R gives none)
#   CURVES.csv      set,time,transform,survival,at_risk,lower,upper
suppressPackageStartupMessages(library(survival))
paths <- commandArgs(trailingOnly = TRUE)
rows <- read.csv(paths[1])
horizon <- 12
times <- c(1.5, 3, 6, 12)
transforms <- c("log", "log-log", "plain")

one_set <- function(d) {
  difference <- survdiff(Surv(time, event) ~ group, data = d)
  cox <- lapply(c(efron = "efron", breslow = "breslow"),
                function(ties) coxph(Surv(time, event) ~ group, data = d, ties = ties,
                                       control = coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 60)))
  fit <- survfit(Surv(time, event) ~ 1, data = d, timefix = FALSE)
  statistics <- c(
    logrank_chi2 = difference$chisq,
    logrank_observed = difference$obs[2],
    logrank_expected = difference$exp[2],
    efron_log_hr = unname(coef(cox$efron)), efron_se = sqrt(vcov(cox$efron)[1, 1]),
    breslow_log_hr = unname(coef(cox$breslow)), breslow_se = sqrt(vcov(cox$breslow)[1, 1]),
    median = unname(summary(fit)$table["median"]),
    rmst = unname(summary(fit, rmean = horizon)$table["rmean"])
  )
  for (transform in transforms) {
    limits <- summary(survfit(Surv(time, event) ~ 1, data = d, conf.type = transform))$table
    statistics[paste0("median_lower_", transform)] <- limits["0.95LCL"]
    statistics[paste0("median_upper_", transform)] <- limits["0.95UCL"]
  }
  data.frame(set = d$set[1], statistic = names(statistics), value = unname(statistics))
}

one_curve <- function(d, transform) {
  s <- summary(survfit(Surv(time, event) ~ 1, data = d, conf.type = transform), times = times, extend = TRUE)
  data.frame(set = d$set[1], time = s$time, transform = transform, survival = s$surv, at_risk = s$n.risk,
             lower = s$lower, upper = s$upper)
}

sets <- split(rows, rows$set)
digits <- function(frame) { frame[] <- lapply(frame, function(x) if (is.double(x)) format(x, digits = 17, trim = TRUE) else x); frame }
write.csv(digits(do.call(rbind, lapply(sets, one_set))), paths[2], row.names = FALSE, quote = FALSE)
curves <- do.call(rbind, lapply(sets, function(d) do.call(rbind, lapply(transforms, function(t) one_curve(d, t)))))
write.csv(digits(curves), paths[3], row.names = FALSE, quote = FALSE)
