# Intervals and tests of proportions, by R (4.2.2) and its stats package. Writes proportions_intervals.csv and
# proportions_tests.csv into the folder given as the only argument (default: the current one).
folder <- c(commandArgs(TRUE), ".")[1]

intervals <- expand.grid(count = c(0, 1, 11, 25), n = c(25, 182), confidence = c(0.8, 0.95, 0.99))
intervals <- rbind(intervals, data.frame(count = c(182, 111), n = 182, confidence = 0.95))
exact <- mapply(function(x, n, level) binom.test(x, n, conf.level = level)$conf.int,
                intervals$count, intervals$n, intervals$confidence)
wilson <- suppressWarnings(mapply(function(x, n, level) prop.test(x, n, conf.level = level, correct = FALSE)$conf.int,
                                  intervals$count, intervals$n, intervals$confidence))
intervals <- cbind(intervals, exact_low = exact[1, ], exact_high = exact[2, ],
                   wilson_low = wilson[1, ], wilson_high = wilson[2, ])
intervals[4:7] <- lapply(intervals[4:7], function(limit) sprintf("%.14g", limit))
write.csv(intervals, file.path(folder, "proportions_intervals.csv"), row.names = FALSE, quote = FALSE)

# one string a table: first arm's counts, a semicolon, the second arm's
tables <- c("46 28;55 38", "64 10;85 8", "6 60 4 4;8 82 4 1", "71 3;83 10", "27 47;61 32", "12 36;18 30", "11 171;0 182",
            "3 45;0 48", "7 34 11 13 5 2 3;7 35 14 12 4 2 0", "1 9;9 3", "70 0 5;63 0 11", "3 0;1 5", "180 2;100 300")
likelihood_ratio <- function(x) {
  expected <- outer(rowSums(x), colSums(x)) / sum(x)
  g <- 2 * sum(ifelse(x > 0, x * log(x / expected), 0))
  pchisq(g, (nrow(x) - 1) * (ncol(x) - 1), lower.tail = FALSE)
}
row <- function(text) {
  x <- sapply(strsplit(strsplit(text, ";")[[1]], " "), as.numeric)
  full <- x[rowSums(x) > 0, , drop = FALSE]
  data.frame(table = text,
             pearson = suppressWarnings(chisq.test(full, correct = FALSE)$p.value),
             yates = if (nrow(full) == 2) suppressWarnings(chisq.test(full, correct = TRUE)$p.value) else NaN,
             fisher = fisher.test(full, workspace = 2e8)$p.value,
             likelihood_ratio = likelihood_ratio(full))
}
tests <- do.call(rbind, lapply(tables, row))
tests[-1] <- lapply(tests[-1], function(p) sprintf("%.14g", p))
write.csv(tests, file.path(folder, "proportions_tests.csv"), row.names = FALSE, quote = FALSE)
