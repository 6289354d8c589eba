/* Sentences in the language of the page. The English sentence is the key; what words/*.js hold is made by `make words`. */

const { lang, dataset } = globalThis.document?.documentElement ?? { lang: "en", dataset: {} };
const catalog = dataset.words ? await import(`../words/${dataset.words}.js`).then((found) => found.default, () => ({})) : {};

export const language = lang || "en";
const forms = new Intl.PluralRules(language);

/** t("Message from %(name)s", { name }) */
export function t(sentence, named = {}) {
  return fill(catalog[sentence] ?? sentence, named);
}

/** tn("%(num)s photo", "%(num)s photos", 3): the sentence in the form the language has for a count. */
export function tn(one, several, num, named = {}) {
  const known = catalog[one];
  const sentence = known ? (known[forms.select(num)] ?? known.other) : num === 1 ? one : several;
  return fill(sentence, { num, ...named });
}

const fill = (sentence, named) => sentence.replace(/%\((\w+)\)s/g, (_, name) => named[name]);
