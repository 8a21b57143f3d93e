# Standardised differences, in R (4.2.2), from patients written out one by one. Writes balance.csv into the folder given
# as the only argument (default: the current one).
folder <- c(commandArgs(TRUE), ".")[1]

# counts by level, one arm after the other
counts <- c("46 28;55 38", "64 10;85 8", "6 60 4 4;8 82 4 1", "3 41 2 2;5 42 1 0", "7 34 11 13 5 2 3;7 35 14 12 4 2 0",
            "70 0 5;63 0 11", "20 30 50;50 30 20", "1 99;0 50")
frequencies <- function(text) {
  arms <- lapply(strsplit(strsplit(text, ";")[[1]], " "), as.numeric)
  patients <- lapply(arms, function(n) rep(seq_along(n), n))
  kept <- sort(unique(unlist(patients)))[-1]
  indicators <- lapply(patients, function(x) outer(x, kept, "==") * 1)
  # variances with n in the denominator, as shares have them
  spread <- Reduce(`+`, lapply(indicators, function(x) cov(x) * (nrow(x) - 1) / nrow(x))) / 2
  sqrt(mahalanobis(colMeans(indicators[[1]]), colMeans(indicators[[2]]), spread))
}
categorical <- data.frame(what = "categorical", input = counts, smd = sapply(counts, frequencies))

# mean, SD, n of each arm; the interval by Hedges and Olkin's variance at 95 %
moments <- list(c(55.3, 9.5, 75, 56.0, 10.5, 74), c(8.3, 3.8, 75, 7.5, 3.8, 74), c(10, 1, 20, 12, 3, 400))
exactly <- function(mean, sd, n) { x <- qnorm(ppoints(n)); mean + sd * (x - mean(x)) / sd(x) }
one <- function(m) {
  x <- exactly(m[1], m[2], m[3]); y <- exactly(m[4], m[5], m[6])
  d <- (mean(x) - mean(y)) / sqrt((var(x) + var(y)) / 2)
  se <- sqrt((m[3] + m[6]) / (m[3] * m[6]) + d^2 / (2 * (m[3] + m[6])))
  data.frame(what = "mean", input = paste(m, collapse = " "), smd = d, low = d + qnorm(0.025) * se,
             high = d + qnorm(0.975) * se)
}
means <- do.call(rbind, lapply(moments, one))

# Wan's approximation is meant to give back the normal distribution whose expected quartiles it is fed: the expected
# first and third quartile of n = 4 Q + 1 standard normal values, by integrating order statistics
order_mean <- function(i, n) integrate(function(x) x * dnorm(x) * dbeta(pnorm(x), i, n - i + 1), -8, 8,
                                       rel.tol = 1e-10)$value
quartiles <- data.frame(n = c(21, 49, 101, 401))
quartiles$q1 <- sapply(quartiles$n, function(n) order_mean((n - 1) / 4 + 1, n))
write.csv(format(quartiles, digits = 12), file.path(folder, "balance_quartiles.csv"), row.names = FALSE, quote = FALSE)

categorical$low <- categorical$high <- NA
all <- rbind(categorical[names(means)], means)
all[3:5] <- lapply(all[3:5], function(x) sprintf("%.14g", x))
write.csv(all, file.path(folder, "balance.csv"), row.names = FALSE, quote = FALSE)
