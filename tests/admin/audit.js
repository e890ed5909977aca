// What a phone's owner and a poor-sighted reader would complain about; for the browser tests.

const PASSED_OVER = "td, .model-name, .visually-hidden, .skip-link, label";
const CONTROLS = "a, button, summary, select, input:not([type=hidden])";

// Controls lower than 40 CSS pixels. A link within a cell or a label is as large as that is.
const tooSmall = () => [...document.querySelectorAll(CONTROLS)]
  .filter((each) => each.checkVisibility() && !each.closest(PASSED_OVER))
  .map((each) => [each.outerHTML.slice(0, 60), each.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && box.height < 39.5)
  .map(([html, box]) => `${html} ${box.height}`);

const parse = (text) => text.match(/[\d.]+/g).map(Number);

const linear = (value) => {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
};
const lightness = ([red, green, blue]) =>
  0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);

const over = (top, below) => {
  const alpha = top[3] ?? 1;
  return [0, 1, 2].map((index) => top[index] * alpha + below[index] * (1 - alpha));
};
const ground = (each) => {
  const layers = [];
  for (let at = each; at; at = at.parentElement) {
    layers.unshift(parse(getComputedStyle(at).backgroundColor));
  }
  return layers.reduce((below, top) => over(top, below), [255, 255, 255]);
};

// Texts whose contrast is below 4.5 to 1 (WCAG 2.2, 1.4.3).
const tooFaint = () => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const each = walker.currentNode.parentElement;
    if (!text || !each.checkVisibility()) continue;
    const below = ground(each);
    const one = lightness(over(parse(getComputedStyle(each).color), below));
    const two = lightness(below);
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (ratio < 4.5) found.push(`${text} ${ratio.toFixed(2)}`);
  }
  return found;
};
