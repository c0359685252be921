// Puts live charts in the place of the still pictures and follows the reader's colour scheme.
(() => {
  "use strict";
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const twins = read("dark-twins");
  const night = window.matchMedia("(prefers-color-scheme: dark)");

  // Every colour of the chart layer has a twin for dark paper; swapping needs no more than equality.
  const recolour = (value) => {
    if (typeof value === "string") return twins[value] ?? value;
    if (Array.isArray(value)) return value.map(recolour);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, key === "datasets" ? inner : recolour(inner)]),
    );
  };

  const draw = async (figure) => {
    const spec = read(figure.dataset.spec);
    const stage = figure.querySelector(".live");
    // A redraw keeps where the reader has moved the sliders to.
    if (figure.view) {
      for (const parameter of spec.params ?? []) parameter.value = figure.view.signal(parameter.name);
      figure.view.finalize();
    }
    const result = await window.vegaEmbed(stage, night.matches ? recolour(spec) : spec, {
      actions: false,
      renderer: "svg",
      ast: true,
    });
    figure.view = result.view;
    figure.classList.add("is-live");
  };

  const drawAll = async () => {
    for (const figure of document.querySelectorAll("figure[data-spec]")) await draw(figure);
    document.documentElement.dataset.charts = night.matches ? "dark" : "light";
  };

  night.addEventListener("change", drawAll);
  drawAll();
})();
