# Survival statistics of R's survival package on random data with ties and censoring: what tests/survival compares with.
# Rscript tests/oracle/survival.R DATA.csv STATISTICS.csv CURVES.csv LIFE_TABLES.csv
#   DATA.csv         set,group,time,event (made by survival_data.py)
#   STATISTICS.csv   set,statistic,value (13 significant digits; NA where R gives none)
#   CURVES.csv       set,time,transform,survival,at_risk,lower,upper
#   LIFE_TABLES.csv  set,end,entering,censored,deaths,survival,se (of the survival): by hand, from cut() and table()
suppressPackageStartupMessages(library(survival))
paths <- commandArgs(trailingOnly = TRUE)
rows <- read.csv(paths[1])
horizon <- 12
times <- c(1.5, 3, 6, 12)
transforms <- c("log", "log-log", "plain")
edges <- c(0:6, 9, 12, 24)

# SPSS's standard error of the median, by its definition: from the rows of survfit that hold a death
spss_error <- function(fit) {
  died <- fit$n.event > 0
  t <- fit$time[died]; s <- fit$surv[died]; se <- (fit$std.err * fit$surv)[died]
  if (!any(s <= 0.45 + 1e-9)) return(NA)
  at <- which(s <= 0.5 + 1e-9)[1]
  upper <- which(s >= 0.55 - 1e-9); lower <- which(s <= 0.45 + 1e-9)[1]
  u <- if (length(upper)) c(t[max(upper)], s[max(upper)]) else c(0, 1)
  error <- se[at] / ((u[2] - s[lower]) / (t[lower] - u[1]))
  if (is.finite(error)) error else NA
}

one_set <- function(d) {
  difference <- survdiff(Surv(time, event) ~ group, data = d)
  cox <- lapply(c(efron = "efron", breslow = "breslow", exact = "exact"),
                function(ties) coxph(Surv(time, event) ~ group, data = d, ties = ties,
                                       control = coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 60)))
  fit <- survfit(Surv(time, event) ~ 1, data = d, timefix = FALSE)
  restricted <- summary(fit, rmean = horizon)$table
  statistics <- c(
    logrank_chi2 = difference$chisq,
    logrank_observed = difference$obs[2],
    logrank_expected = difference$exp[2],
    efron_log_hr = unname(coef(cox$efron)), efron_se = sqrt(vcov(cox$efron)[1, 1]),
    breslow_log_hr = unname(coef(cox$breslow)), breslow_se = sqrt(vcov(cox$breslow)[1, 1]),
    exact_log_hr = unname(coef(cox$exact)), exact_se = sqrt(vcov(cox$exact)[1, 1]),
    median = unname(summary(fit)$table["median"]),
    median_error_spss = spss_error(fit),
    rmst = unname(restricted["rmean"]), rmst_se = unname(restricted["se(rmean)"])
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

one_life_table <- function(d) {
  interval <- cut(d$time, c(edges, Inf), right = FALSE, labels = FALSE)
  counts <- table(factor(interval, seq_along(edges)), factor(d$event, 0:1))[seq_len(length(edges) - 1), , drop = FALSE]
  entering <- nrow(d) - c(0, cumsum(rowSums(counts)))[seq_len(nrow(counts))]
  exposed <- entering - counts[, 1] / 2
  q <- ifelse(counts[, 2] > 0, counts[, 2] / exposed, 0)
  survival <- cumprod(1 - q)
  green <- cumsum(ifelse(counts[, 2] > 0, q / (exposed - counts[, 2]), 0))
  data.frame(set = d$set[1], end = edges[-1], entering = entering, censored = counts[, 1], deaths = counts[, 2],
             survival = survival, se = ifelse(survival > 0, survival * sqrt(green), NA))
}

sets <- split(rows, rows$set)
digits <- function(frame) { frame[] <- lapply(frame, function(x) if (is.double(x)) format(x, digits = 13, trim = TRUE) else x); frame }
save <- function(parts, path) write.csv(digits(do.call(rbind, parts)), path, row.names = FALSE, quote = FALSE)
save(lapply(sets, one_set), paths[2])
save(lapply(sets, function(d) do.call(rbind, lapply(transforms, function(t) one_curve(d, t)))), paths[3])
save(lapply(sets, one_life_table), paths[4])
