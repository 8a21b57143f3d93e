# What R prints of survival data without errors: the audit's rules on hazard ratios and rates must let all of it pass.
# Rscript audit_survival.R   writes audit_cox.csv and audit_rates.csv beside itself
suppressMessages(library(survival))
set.seed(20240229)

cox <- list()
rates <- list()
for (set in 1:40) {
  n <- sample(30:160, 1)
  arm <- rbinom(n, 1, sample(c(0.3, 0.5), 1))
  marker <- rbinom(n, 1, sample(c(0.1, 0.3, 0.5), 1))
  hazard <- exp(sample(c(-1, -0.5, 0, 0.4), 1) * arm + 0.4 * marker) / 14
  step <- sample(c(0.01, 1), 1)  # months, so that some sets have many ties
  death <- ceiling(rexp(n, hazard) / step) * step
  end <- ceiling(runif(n, 4, 40) / step) * step
  time <- pmin(death, end)
  event <- as.integer(death <= end)
  for (ties in c("efron", "breslow")) {
    alone <- summary(coxph(Surv(time, event) ~ arm, ties = ties))
    both <- summary(coxph(Surv(time, event) ~ marker + arm, ties = ties))
    for (model in c("univariable", "multivariable")) {
      fit <- if (model == "univariable") alone else both
      row <- fit$coefficients["arm", ]
      ci <- fit$conf.int["arm", ]
      cox[[length(cox) + 1]] <- data.frame(
        set = set, ties = ties, model = model, n1 = sum(arm), n0 = sum(1 - arm),
        e1 = sum(event[arm == 1]), e0 = sum(event[arm == 0]),
        hr = ci["exp(coef)"], low = ci["lower .95"], high = ci["upper .95"], se = row["se(coef)"],
        p = row["Pr(>|z|)"],
        logrank = 1 - pchisq(survdiff(Surv(time, event) ~ arm)$chisq, 1), row.names = NULL
      )
    }
  }
  for (type in c("plain", "log", "log-log", "logit", "arcsin")) {
    fit <- survfit(Surv(time, event) ~ 1, conf.type = type)
    at <- summary(fit, times = 12, extend = TRUE)
    middle <- summary(fit)$table
    rates[[length(rates) + 1]] <- data.frame(
      set = set, scale = type, n = n, rate = at$surv, low = at$lower, high = at$upper,
      se_log = at$std.err / at$surv, median = middle["median"], median_low = middle["0.95LCL"],
      median_high = middle["0.95UCL"], row.names = NULL
    )
  }
}
write.csv(format(do.call(rbind, cox), digits = 12, trim = TRUE), "audit_cox.csv", row.names = FALSE, quote = FALSE)
write.csv(format(do.call(rbind, rates), digits = 12, trim = TRUE), "audit_rates.csv", row.names = FALSE, quote = FALSE)
