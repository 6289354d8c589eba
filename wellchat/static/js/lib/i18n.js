/* Sentences in the language of the page. The English sentence is the key; the others are in catalogs/*.js, of which the page
   names one before its own script, and which `make words` makes. */

const catalog = globalThis.wellchatCatalog ?? {};

export const language = globalThis.document?.documentElement.lang || "en";
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
