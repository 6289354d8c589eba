/* Translates sentences into the language of the page. The English sentence is the key. The page loads one of catalogs/*.js,
   which `make words` makes, before its own script. */

const catalog = globalThis.wellchatCatalog ?? {};

export const language = globalThis.document?.documentElement.lang || "en";
const forms = new Intl.PluralRules(language);

/** t("Message from %(name)s", { name }) */
export function t(sentence, named = {}) {
  return fill(catalog[sentence] ?? sentence, named);
}

/** tn("%(num)s photo", "%(num)s photos", 3): the sentence in the plural form that the language has for this count. */
export function tn(one, several, num, named = {}) {
  const known = catalog[one];
  const sentence = known ? (known[forms.select(num)] ?? known.other) : num === 1 ? one : several;
  return fill(sentence, { num, ...named });
}

const fill = (sentence, named) => sentence.replace(/%\((\w+)\)s/g, (_, name) => named[name]);
