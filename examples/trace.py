"""Writes a page that plays the way back from noise to text, step by step, for several families.

One text has holes and a wrong word. Families that never look again keep it, one that does mends it. Run it with
``python examples/trace.py [PAGE]`` where augdiff is installed; ``examples/trace.html`` is what it wrote.
"""

import json
import sys
from pathlib import Path

import augdiff

PAGE = Path(__file__).with_name("trace.html")
TEXT = "The soup was [MASK=bicycle] and the [MASK] at our table was very [MASK] all evening."
SEED, STEPS = 7, 10
FAMILIES = {
    "d3pm": "Words come at random times. What stands, stays.",
    "rdm": "What it finds least likely of all it wrote is masked again at each step.",
    "remdm": "Some words are masked again by chance, whoever wrote them. The wrong one gives way.",
}

TEMPLATE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>augdiff: from noise to text</title>
<style>
  body { font: 17px/1.7 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color: #222; }
  h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.05rem; margin: 0; }
  section { border: 1px solid #ddd; border-radius: .5rem; padding: 1rem 1.2rem; margin: 1.2rem 0; }
  p { margin: .3rem 0; } .about { color: #666; font-size: .95rem; }
  .words { min-height: 3.4em; }
  .words span { display: inline-block; padding: 0 .25em; margin: .08em; border-radius: .25em; }
  .mask { background: #e3e6ea; color: #e3e6ea; } .new { background: #d5efd8; } .wrong { background: #f8d7d4; }
  input { width: 100%; } button { font: inherit; padding: .15rem .9rem; }
</style>
<h1>From noise to text</h1>
<p class="about">Masks, and one wrong word, become a text.
Grey is noise, green is new, red is what was put there by hand.</p>
<p><button id="play">Play</button> step <output id="at">0</output>
<input id="step" type="range" min="0" value="0" aria-label="step"></p>
<main></main>
<script>
const traces = DATA, wrong = WRONG, mask = MASK;
const main = document.querySelector("main"), range = document.querySelector("#step");
range.max = Math.max(...traces.map(trace => trace.steps.length)) - 1;
for (const trace of traces) {
  const box = document.createElement("section");
  box.innerHTML = "<h2></h2><p class=about></p><p class=words></p>";
  box.querySelector("h2").textContent = trace.family;
  box.querySelector(".about").textContent = trace.about;
  main.append(box);
  trace.place = box.querySelector(".words");
}
function show(step) {
  document.querySelector("#at").textContent = step;
  for (const { steps, place } of traces) {
    const now = steps[Math.min(step, steps.length - 1)].split(" ");
    const before = steps[Math.max(0, Math.min(step, steps.length - 1) - 1)].split(" ");
    place.replaceChildren(...now.map((word, at) => {
      const span = document.createElement("span");
      span.textContent = word;
      const fresh = step < steps.length && now.length == before.length && before[at] != word;
      span.className = word == mask ? "mask" : word == wrong ? "wrong" : fresh ? "new" : "";
      return span;
    }));
  }
}
let timer = null;
function stop() { clearInterval(timer); timer = null; document.querySelector("#play").textContent = "Play"; }
document.querySelector("#play").onclick = () => {
  if (timer) return stop();
  if (range.value == range.max) range.value = 0;
  document.querySelector("#play").textContent = "Pause";
  timer = setInterval(() => {
    if (range.value == range.max) return stop();
    range.value = +range.value + 1;
    show(+range.value);
  }, 700);
};
range.oninput = () => { stop(); show(+range.value); };
show(0);
</script>
</html>
"""


def main(page: Path = PAGE) -> None:
    traces = [
        {"family": name, "about": about, "steps": augdiff.trace(TEXT, family=name, steps=STEPS, seed=SEED)}
        for name, about in FAMILIES.items()
    ]
    filled = {"DATA": traces, "WRONG": "bicycle", "MASK": "____"}
    text = TEMPLATE
    for name, value in filled.items():
        text = text.replace(f"= {name}", "= " + json.dumps(value).replace("<", "\\u003c"), 1)
    page.write_text(text, encoding="utf-8")
    print(f"{page}: {len(traces)} families, {len(traces[0]['steps'])} states and more")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
