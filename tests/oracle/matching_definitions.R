# Standardised differences by other definitions, from metafor (3.8.1) and from patients written out one by one, and
# confidence limits of a Mahalanobis distance with R's (4.2.2) noncentral chi-square. Writes matching_definitions.csv and matching_distances.csv into the folder given as the only
# argument (default: the current one).
suppressMessages(library(metafor))
folder <- c(commandArgs(TRUE), ".")[1]
of <- function(...) as.numeric(escalc(...)$yi)
# patients written out: Cohen's SD is the residual one of a linear model
by_hand <- function(view, x, y) {
  d <- mean(x) - mean(y); arm <- rep(1:0, c(length(x), length(y)))
  spreads <- c("pooled SD" = sqrt((var(x) + var(y)) / 2), "SD of the treated" = sd(x), "SD of the controls" = sd(y),
               "SD pooled by size" = sigma(lm(c(x, y) ~ arm)), "SD of all patients" = sd(c(x, y)))
  data.frame(definition = paste0(view, "; ", names(spreads)), smd = d / spreads, row.names = NULL)
}
exactly <- function(mean, sd, n) { x <- qnorm(ppoints(n)); mean + sd * (x - mean(x)) / sd(x) }

moments <- list(c(55.3, 9.5, 75, 56.0, 10.5, 74), c(8.3, 3.8, 75, 7.5, 3.8, 74), c(10, 1, 20, 12, 3, 400))
means <- do.call(rbind, lapply(moments, function(m) {
  hedges <- of(measure = "SMD", m1i = m[1], sd1i = m[2], n1i = m[3], m2i = m[4], sd2i = m[5], n2i = m[6])
  rows <- rbind(by_hand("means", exactly(m[1], m[2], m[3]), exactly(m[4], m[5], m[6])),
                data.frame(definition = "means; SD pooled by size, corrected for small n", smd = hedges))
  cbind(what = "means", input = paste(m, collapse = " "), rows)
}))

counts <- list(c(46, 28, 55, 38), c(3, 71, 10, 83), c(66, 9, 60, 14))
shares <- do.call(rbind, lapply(counts, function(k) {
  n <- c(sum(k[1:2]), sum(k[3:4]))
  args <- list(ai = k[1], n1i = n[1], ci = k[3], n2i = n[2])
  rows <- rbind(by_hand("share, n \u2212 1", rep(1:0, k[1:2]), rep(1:0, k[3:4])),
                data.frame(definition = c("share; no SD: the raw difference", "arcsine difference",
                                          "log odds ratio \u00d7 \u221a3 / \u03c0"),
                           smd = c(do.call(of, c(args, measure = "RD")), 2 * do.call(of, c(args, measure = "AS")),
                                   do.call(of, c(args, measure = "OR2DL")))))
  cbind(what = "shares", input = paste(k, collapse = " "), rows)
}))

levels <- list(c(6, 60, 4, 4, 8, 82, 4, 1), c(3, 34, 11, 5, 35, 14))
codes <- do.call(rbind, lapply(levels, function(k) {
  half <- length(k) / 2
  arms <- list(rep(seq_len(half), k[seq_len(half)]), rep(seq_len(half), k[half + seq_len(half)]))
  cbind(what = "codes", input = paste(k, collapse = " "), by_hand("codes", arms[[1]], arms[[2]]))
}))
all <- rbind(means, shares, codes)
all$smd <- sprintf("%.12g", all$smd)
write.csv(all, file.path(folder, "matching_definitions.csv"), row.names = FALSE, quote = TRUE, fileEncoding = "UTF-8")

limits <- function(d, k, n1, n0, confidence) {
  scale <- n1 * n0 / (n1 + n0); tail <- (1 - confidence) / 2
  limit <- function(p) if (pchisq(scale * d^2, k) <= p) 0 else
    sqrt(uniroot(function(ncp) pchisq(scale * d^2, k, ncp) - p, c(0, 500), tol = 1e-12)$root / scale)
  data.frame(distance = d, terms = k, n1 = n1, n0 = n0, confidence = confidence, low = limit(1 - tail), high = limit(tail))
}
distances <- rbind(limits(0.257, 3, 74, 93, 0.95), limits(0.35, 3, 48, 48, 0.95), limits(0.6, 2, 75, 74, 0.95),
                   limits(0.05, 5, 48, 48, 0.9), limits(1.2, 1, 20, 200, 0.99))
distances[6:7] <- lapply(distances[6:7], function(x) sprintf("%.10g", x))
write.csv(distances, file.path(folder, "matching_distances.csv"), row.names = FALSE, quote = FALSE)
