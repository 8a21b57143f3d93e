# Random-effects meta-analyses by metafor (3.8-1, R 4.2.2). Writes meta.csv into the folder given as the only argument
# (default: the current one): one row for each data set and method, effects and standard errors joined by a space.
suppressMessages(library(metafor))
folder <- c(commandArgs(TRUE), ".")[1]
sets <- list(
  four_similar = list(y = c(-0.446, -0.698, -0.545, -0.906), s = c(0.160, 0.210, 0.268, 0.366)),
  two = list(y = c(-0.2, -0.9), s = c(0.15, 0.25)),
  three_apart = list(y = c(0.5, -0.8, 0.1), s = c(0.10, 0.12, 0.30)),
  homogeneous = list(y = c(-0.50, -0.51, -0.49, -0.52, -0.50), s = c(0.2, 0.3, 0.25, 0.4, 0.1)),
  unequal = list(y = c(0.05, 0.9, -0.4, 0.3, 1.7, -0.1), s = c(0.05, 0.4, 0.5, 0.2, 0.8, 0.1)),
  bcg = {e <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
         list(y = as.numeric(e$yi), s = sqrt(as.numeric(e$vi)))}
)
set.seed(1)
for (i in 1:14) { k <- sample(2:9, 1); s <- runif(k, 0.1, 0.6)
  sets[[paste0("random", i)]] <- list(y = rnorm(k, -0.4, sqrt(s^2 + runif(1, 0, 0.3))), s = s) }
f <- function(x) sprintf("%.15g", x)
rows <- NULL
for (name in names(sets)) for (method in c("REML", "DL", "PM")) for (test in c("z", "knha", "adhoc")) for (level in c(95, 80)) {
  y <- sets[[name]]$y; s <- sets[[name]]$s
  m <- suppressWarnings(rma(y, sei = s, method = method, test = test, level = level,
           control = list(threshold = 1e-13, maxiter = 20000, tol = 1e-12, stepadj = 0.5)))
  ci <- confint(m, level = level, control = list(tol = 1e-13, tau2.max = 1e6))$random
  g <- predict(m, level = level)
  r <- if (length(y) > 2) predict(m, level = level, pi.type = "riley") else list(pi.lb = NA, pi.ub = NA)
  rows <- rbind(rows, data.frame(name, method, test, level, y = paste(f(y), collapse = " "), s = paste(f(s), collapse = " "),
    estimate = f(m$beta[1]), se = f(m$se), low = f(m$ci.lb), high = f(m$ci.ub), p = f(m$pval), tau2 = f(m$tau2), i2 = f(m$I2 / 100),
    q = f(m$QE), q_p = f(m$QEp), tau2_low = f(ci["tau^2", "ci.lb"]), tau2_high = f(ci["tau^2", "ci.ub"]),
    i2_low = f(ci["I^2(%)", "ci.lb"] / 100), i2_high = f(ci["I^2(%)", "ci.ub"] / 100),
    pi_low = f(g$pi.lb), pi_high = f(g$pi.ub), riley_low = f(r$pi.lb), riley_high = f(r$pi.ub)))
}
write.csv(rows, file.path(folder, "meta.csv"), row.names = FALSE, quote = FALSE)
