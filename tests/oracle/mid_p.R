# Mid-P of Fisher's exact test, by R (4.2.2): its p less half the chance of the table itself. Writes mid_p.csv into the
# folder given as the only argument (default: the current one).
folder <- c(commandArgs(TRUE), ".")[1]

# one string a table: first arm's counts, a semicolon, the second arm's
tables <- c("9 39;21 27", "33 42;24 50", "3 45;0 48", "11 171;0 182", "1 9;9 3", "3 0;1 5", "180 2;100 300", "12 36;18 30")
row <- function(text) {
  x <- sapply(strsplit(strsplit(text, ";")[[1]], " "), as.numeric)
  p <- fisher.test(x)$p.value - dhyper(x[1, 1], sum(x[1, ]), sum(x[2, ]), sum(x[, 1])) / 2
  data.frame(table = text, mid_p = sprintf("%.14g", p))
}
write.csv(do.call(rbind, lapply(tables, row)), file.path(folder, "mid_p.csv"), row.names = FALSE, quote = FALSE)
