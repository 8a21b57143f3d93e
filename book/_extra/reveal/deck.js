Reveal.initialize({
  hash: true,
  center: false,
  slideNumber: "c/t",
  width: 1280,
  height: 720,
  margin: 0.04,
  transition: "none",
  pdfSeparateFragments: false,
  pdfMaxPagesPerSlide: 1,
});
