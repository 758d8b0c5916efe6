// Translates a page as Chrome does: each text is taken away and two <font> elements stand in its place, on what comes later
// too, and nothing is touched where `translate="no"` forbids it. A translated text stands in ⟨brackets⟩, so that a test sees
// which it is.
const install = () => {
  const may = (text) => {
    const parent = text.parentElement;
    if (!parent || !text.data.trim()) return false;
    if (parent.closest('script, style, textarea, noscript, font')) return false;
    return parent.closest('[translate]')?.getAttribute('translate') !== 'no';
  };
  const translate = (root) => {
    const texts = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    if (root.nodeType === Node.TEXT_NODE) texts.push(root);
    else while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts.filter(may)) {
      const [outer, inner] = [document.createElement('font'), document.createElement('font')];
      for (const font of [outer, inner]) font.style.verticalAlign = 'inherit';
      inner.textContent = `⟨${text.data}⟩`;
      outer.append(inner);
      text.parentNode.replaceChild(outer, text);
    }
  };
  document.documentElement.classList.add('translated-ltr');
  translate(document.body);
  new MutationObserver((records) => {
    for (const record of records) {
      if (record.type === 'characterData') translate(record.target);
      for (const node of record.addedNodes) if (node.isConnected) translate(node);
    }
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
};

/** Translates the page as it is, and whatever it shows from now on. */
export const translate = (page) => page.evaluate(install);

/** Translates every page that is opened in a browser, as soon as there is something on it. */
export const translate_all = (context) => context.addInitScript(`addEventListener('DOMContentLoaded', ${install});`);
