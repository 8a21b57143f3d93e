# Simon's two-stage designs by summing over every pair of responder counts, in R (4.2.2). Writes trial.csv into the
# folder given as the only argument (default: the current one).
folder <- c(commandArgs(TRUE), ".")[1]
designs <- data.frame(r1 = c(11, 12, 0, 3, 7), n1 = c(25, 29, 9, 13, 18), r = c(32, 27, 2, 12, 22), n = c(66, 54, 24, 43, 46))
one <- function(r1, n1, r, n, rate) {
  pairs <- expand.grid(first = 0:n1, second = 0:(n - n1))
  weight <- dbinom(pairs$first, n1, rate) * dbinom(pairs$second, n - n1, rate)
  early <- sum(weight[pairs$first <= r1])
  data.frame(r1, n1, r, n, rate, rejection = sum(weight[pairs$first > r1 & pairs$first + pairs$second > r]),
             early_stop = early, expected_n = early * n1 + (1 - early) * n)
}
rows <- do.call(rbind, lapply(c(0, 0.05, 0.2, 0.4, 0.6, 1), function(rate)
  do.call(rbind, Map(one, designs$r1, designs$n1, designs$r, designs$n, rate))))
rows[-(1:5)] <- lapply(rows[-(1:5)], function(x) sprintf("%.14g", x))
write.csv(rows, file.path(folder, "trial.csv"), row.names = FALSE, quote = FALSE)
