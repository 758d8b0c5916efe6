// Watches over a page from outside its program, and says at the top of the page what the program cannot say itself: that
// it could not be loaded, that it has stopped, that the server has another build, that the browser translates the page.
// Owns #notice. See app/src/browser/guard.rs for what the program tells it. Plain old JavaScript: where the program
// cannot run, this has to.
(function () {
  'use strict';
  var LATE_MS = 15000;
  var RELOAD_MS = 3000;
  var LIMIT_MS = 15000;
  var root = document.documentElement;
  var started = false;
  var said = {};

  /** Says something once; `act` is what its button says, and `press` what it does. */
  function say(what, text, act, press) {
    if (said[what]) return;
    var notice = document.createElement('p');
    notice.className = 'notice';
    notice.appendChild(document.createTextNode(text + ' '));
    if (act) {
      var button = document.createElement('button');
      button.type = 'button';
      button.className = 'btn';
      button.textContent = act;
      button.onclick = press;
      notice.appendChild(button);
    }
    said[what] = notice;
    document.getElementById('notice').appendChild(notice);
  }

  function take_back(what) {
    if (!said[what]) return;
    said[what].remove();
    delete said[what];
  }

  function reload() { location.reload(); }

  // ── The program cannot be loaded, or has stopped.

  function not_loaded() {
    if (started) return;
    take_back('late');
    var splash = document.getElementById('splash');
    if (splash) splash.hidden = true;
    say('loading', 'Freshmark could not be loaded. What you have answered on this device is safe. Check the network and ' +
      'reload. If that does not help, this browser may be too old: use a newer one, or tell whoever runs this site.', 'Reload', reload);
  }

  function is_fault(error) {
    return typeof WebAssembly === 'object' && error instanceof WebAssembly.RuntimeError;
  }

  function failed(error) {
    if (!started) not_loaded();
    else if (is_fault(error)) {
      say('stopped', 'This page has stopped by a fault of its own. What was handed in or saved on this device is safe. ' +
        'Reload to go on.', 'Reload', reload);
    }
  }

  addEventListener('error', function (event) {
    var from = event.target;
    if (from && from.tagName) {
      var is_program = from.tagName === 'SCRIPT' || (from.tagName === 'LINK' && /modulepreload|preload/.test(from.rel));
      if (is_program) not_loaded();
    } else failed(event.error);
  }, true);
  addEventListener('unhandledrejection', function (event) { failed(event.reason); });
  addEventListener('TrunkApplicationStarted', function () {
    started = true;
    take_back('late');
    take_back('loading');
  });
  setTimeout(function () {
    if (!started) say('late', 'Freshmark is still being loaded. If nothing comes, check the network and reload.', 'Reload', reload);
  }, LATE_MS);

  // ── The server has another build than this page.

  /** The name of this page's own program, which holds a hash of it. */
  function program(page) {
    var link = page.querySelector('link[rel=modulepreload]');
    return link && link.getAttribute('href');
  }

  var asks = false;
  addEventListener('freshmark-unreadable', function () {
    if (asks) return;
    asks = true;
    // An older browser waits for as long as it likes.
    var limit = window.AbortSignal && AbortSignal.timeout ? AbortSignal.timeout(LIMIT_MS) : undefined;
    fetch(location.pathname, { cache: 'no-store', signal: limit }).then(function (answer) {
      return answer.ok ? answer.text() : '';
    }).then(function (text) {
      var served = program(new DOMParser().parseFromString(text, 'text/html'));
      if (served && served !== program(document)) updated(served);
    }).catch(function () { /* The server is not there; the page says so. */ }).then(function () { asks = false; });
  });

  function updated(served) {
    // A page that a reload would empty, or that a reload has not made new, is reloaded by hand.
    var by_hand = root.hasAttribute('data-unsaved');
    try {
      by_hand = by_hand || sessionStorage.getItem('freshmark.reloaded') === served;
      sessionStorage.setItem('freshmark.reloaded', served);
    } catch (refused) { by_hand = true; }
    if (by_hand) return say('updated', 'Freshmark has been updated. Finish what you are doing, then reload.', 'Reload', reload);
    say('updated', 'Freshmark has been updated. This page reloads by itself.');
    setTimeout(reload, RELOAD_MS);
  }

  // ── The browser translates the page. A translator takes a text away and sets its own in its place; the program goes on
  // changing the one that it knows, which nobody sees any more.

  var away = new WeakMap();
  var is_translation = function (node) { return node && node.nodeName === 'FONT'; };

  /** A text that the program changes is shown as it is now. */
  var texts = new MutationObserver(function (records) {
    records.forEach(function (record) {
      var shown = away.get(record.target);
      if (shown && shown.parentNode && !record.target.parentNode) shown.replaceWith(record.target);
      away.delete(record.target);
    });
  });

  function put_away(text, shown) {
    away.set(text, shown);
    texts.observe(text, { characterData: true });
    // What the program takes away is gone for the reader as well.
    text.remove = function () {
      delete text.remove;
      var instead = away.get(text);
      if (instead) instead.remove();
      text.remove();
    };
  }

  function look(records) {
    records.forEach(function (record) {
      record.removedNodes.forEach(function (node) {
        if (node.nodeType !== Node.TEXT_NODE || node.parentNode) return;
        var shown = Array.prototype.filter.call(record.addedNodes, is_translation)[0] ||
          [record.previousSibling, record.nextSibling].filter(is_translation)[0];
        if (shown) put_away(node, shown);
      });
    });
    var translated = /\btranslated-(ltr|rtl)\b/.test(root.className) || document.querySelector('body font, [_msttexthash]');
    if (translated) {
      say('translated', 'Your browser translates this page. Its words may be wrong, or late. Figures and names are left as they ' +
        'are, and what is marked is what counts. To be sure, show the original.');
    } else take_back('translated');
  }

  addEventListener('DOMContentLoaded', function () {
    new MutationObserver(look).observe(root, { attributes: true, attributeFilter: ['class', 'lang'] });
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  });
}());
