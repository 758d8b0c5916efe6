// What a page's charts write, and in which font. Both functions run in the page.

/** Keeps what is written on canvases from now on. Bars do not glide for somebody who wants less motion. */
export function record_texts() {
  const ask = window.matchMedia.bind(window);
  window.matchMedia = (query) => (query.includes('prefers-reduced-motion') ? { matches: true } : ask(query));
  const { prototype } = CanvasRenderingContext2D;
  const { fillText } = prototype;
  window.texts = new Map();
  prototype.fillText = function (text, x, y) {
    const { canvas, font, fillStyle, textAlign, textBaseline } = this;
    // Centred texts are measured from their middle; the row of the selected question has another ground.
    if (textAlign === 'start') window.texts.set(`${text} ${x} ${y}`, { text, x, y, canvas, font, fillStyle, textAlign, textBaseline });
    fillText.call(this, text, x, y);
  };
}

/**
 * What was written, but for the label of the selected question, each text beside the same one drawn anew: in the page's
 * own font, in one with serifs, and as an element of the page. Nothing before all of it has been written.
 */
export function compare_texts(selected, texts) {
  if (window.texts.size < texts) return null;
  const of_page = getComputedStyle(document.body).fontFamily;
  const chart_of = ({ canvas }) => canvas.getContext('2d');

  const on_page = ({ text, font }) => {
    const span = document.body.appendChild(document.createElement('span'));
    Object.assign(span.style, { font, whiteSpace: 'pre', position: 'absolute' });
    span.textContent = text;
    const { width } = span.getBoundingClientRect();
    span.remove();
    return width;
  };
  const drawn_anew = (one, family) => {
    const { width, height } = one.canvas;
    const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
    const [r, g, b] = chart_of(one).getImageData(width - 1, 1, 1, 1).data;
    context.fillStyle = `rgb(${r}, ${g}, ${b})`;
    context.fillRect(0, 0, width, height);
    context.setTransform(chart_of(one).getTransform());
    const { fillStyle, textAlign, textBaseline } = one;
    Object.assign(context, { fillStyle, textAlign, textBaseline, font: one.font.replace(/px .*/, `px ${family}`) });
    context.fillText(one.text, one.x, one.y);
    return context;
  };
  /** The pixels of a text, a few more to its right, and none of its neighbours. */
  const pixels = (context, { x, y, measured }) => {
    const ratio = context.getTransform().a;
    return context.getImageData(x * ratio, (y - 8) * ratio, (measured + 4) * ratio, 16 * ratio);
  };
  const unlike = (a, b) => a.data.reduce((count, value, at) => count + (Math.abs(value - b.data[at]) > 8), 0);
  const right_end = (image, ratio) => {
    let right = 0;
    for (let at = 0; at < image.data.length; at += 4) {
      if (Math.abs(image.data[at] - image.data[0]) > 64) right = Math.max(right, (at / 4) % image.width + 1);
    }
    return right / ratio;
  };

  return [...window.texts.values()].filter(({ text, canvas }) => text !== selected && canvas.isConnected).map((one) => {
    const chart = chart_of(one);
    chart.font = one.font;
    one.measured = chart.measureText(one.text).width;
    const shown = pixels(chart, one);
    return {
      text: one.text,
      family: one.font.replace(/^.*?px /, ''),
      of_page,
      measured: one.measured,
      on_page: on_page(one),
      drawn: right_end(shown, chart.getTransform().a),
      unlike_page: unlike(shown, pixels(drawn_anew(one, of_page), one)),
      unlike_serif: unlike(shown, pixels(drawn_anew(one, 'serif'), one)),
    };
  });
}
