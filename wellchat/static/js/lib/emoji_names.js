/* Emoji that people of this product use, by the names they are called by elsewhere; loaded when somebody asks for one.
   One group a line: its name, then each emoji with its names. */

import { language, t } from "./i18n.js";

/* What they are called in the language of the page goes before that; without it these names still do. */
const OWN = { de: () => import("./emoji_de.js"), fr: () => import("./emoji_fr.js") };
const own = await OWN[language.slice(0, 2)]?.().catch(() => null);

const GROUPS = [
  [t("Smiles"), "😀 grinning happy|😄 smile|😁 grin|😅 sweat_smile|😂 joy lol|🤣 rofl|😊 blush|🙂 slightly_smiling|🙃 upside_down|😉 wink|😍 heart_eyes love|🥰 smiling_hearts adore|😘 kiss|😋 yum tasty|😎 sunglasses cool|🤩 star_struck wow|🥳 partying celebrate|🤔 thinking hmm|🤗 hug|🤭 oops|🤫 shush|😐 neutral|😏 smirk|🙄 roll_eyes|😬 grimacing|😌 relieved|😴 sleeping|🤒 sick|🥺 pleading please|😢 cry sad|😭 sob|😤 huff|😡 angry|🤯 mind_blown|😱 scream|😳 flushed|😇 innocent angel|🤓 nerd|😮 open_mouth|🫠 melting"],
  [t("Hands"), "👍 thumbsup +1 yes|👎 thumbsdown -1 no|👌 ok_hand|👏 clap|🙌 raised_hands hooray|🙏 pray thanks|🤝 handshake deal|👋 wave hello hi bye|✌️ victory peace|🤞 fingers_crossed luck|💪 muscle strong|👀 eyes look|🫶 heart_hands|☝️ point_up|👉 point_right|👈 point_left|👇 point_down|✍️ writing|🤷 shrug|🤦 facepalm|🙋 raising_hand|💁 tipping_hand"],
  [t("Hearts"), "❤️ heart love|🧡 orange_heart|💛 yellow_heart|💚 green_heart|💙 blue_heart|💜 purple_heart|🖤 black_heart|🤍 white_heart|💔 broken_heart|💖 sparkling_heart|💯 100 hundred|✨ sparkles|⭐ star|🌟 glowing_star|🔥 fire hot|🎉 tada party congratulations|🎊 confetti|🎁 gift present|🎂 birthday cake|🎈 balloon|🏆 trophy win|🥇 gold first"],
  [t("Work"), "✅ check done|☑️ checked|❌ x cross|❗ exclamation|❓ question|⚠️ warning|⏰ alarm clock|⏳ hourglass wait|📅 calendar date|📆 day|📍 pin place|📎 paperclip attach|📷 camera photo|📸 flash|🎥 video|📞 phone call|📱 mobile|💻 laptop|📧 email|📝 memo note|📄 page document|📊 chart|📈 up|💰 money|💳 card|🧾 receipt|🏷️ label price|🛒 cart|🚚 truck delivery|📦 package|🔑 key|🔒 lock|🔧 wrench|🔨 hammer|🛠️ tools|🪚 saw|🧰 toolbox|🪜 ladder|🧱 brick|🚿 shower|🛁 bath bathroom|🚰 tap water|💡 idea bulb|🔌 plug|🏠 house home|🚗 car|🧹 broom"],
  [t("Care"), "💇 haircut|💇‍♀️ haircut_woman|💇‍♂️ haircut_man|✂️ scissors cut|💅 nails|💄 lipstick|💆 massage|🧴 lotion|🪞 mirror|🧖 spa|🏃 run running|🏋️ weights gym|🧘 yoga meditate|🚴 bike cycling|🏊 swim|⚽ football soccer|🎾 tennis|👟 shoe sneaker|👗 dress|👠 heels|👜 bag|🩺 doctor|💊 pill|🩹 bandage|🥗 salad|🍎 apple|🍌 banana|🥑 avocado|🍕 pizza|🍔 burger|🍝 pasta|🍰 cake_slice|🍫 chocolate|☕ coffee|🍵 tea|🥤 drink|🍷 wine|🍺 beer|🥂 cheers"],
  [t("World"), "☀️ sun sunny|🌤️ fair|☁️ cloud|🌧️ rain|⛈️ storm|❄️ snow cold|🌈 rainbow|🌙 moon night|🌍 earth world|🌊 sea wave_water|🏖️ beach holiday|⛰️ mountain|🌳 tree|🌱 seedling|🌸 blossom|🌹 rose|🌻 sunflower|💐 bouquet flowers|🐶 dog|🐱 cat|🐴 horse|🐦 bird|🦋 butterfly|🐝 bee|✈️ plane flight|🚆 train|🚲 bicycle|🎵 music|🎶 notes|📚 books|🎓 graduation|🎨 art paint|👶 baby|👨‍👩‍👧 family|👑 crown|💎 gem|🚀 rocket|💤 zzz sleep|🆗 ok|🆕 new"],
];

export const groups = grouped(own?.names);

/** `called`: for each group a line of names, in the order of its emoji. */
export function grouped(called = []) {
  return GROUPS.map(([name, line], group) => {
    const first = called[group]?.split("|") ?? [];
    const emoji = line.split("|").map((one, at) => {
      const [sign, ...names] = one.split(" ");
      return { sign, names: [...new Set([...(first[at]?.split(" ") ?? []), ...names])] };
    });
    return { name, emoji };
  });
}

const all = groups.flatMap(({ emoji }) => emoji);

/* Whoever types without accents means the same. */
const bare = (text) => text.normalize("NFD").replaceAll(/\p{M}/gu, "").replaceAll("œ", "oe").toLowerCase();

/** The emoji called so; undefined where none is. */
export const named = (name) => (all.find(({ names }) => names.includes(name)) ?? all.find(({ names }) => names.some((one) => bare(one) === bare(name))))?.sign;

/** Those whose name begins with `text`, the shortest name first, then those in whose name a word does; at most `most`. */
export function find(text, most = 8) {
  const wanted = bare(text);
  const far = (called) => {
    const name = bare(called);
    if (name.startsWith(wanted)) return name.length;
    return name.split("_").some((word) => word.startsWith(wanted)) ? 100 + name.length : Infinity;
  };
  const ranked = all.map((one) => ({ one, rank: Math.min(...one.names.map(far)) })).filter(({ rank }) => rank < Infinity);
  return ranked.sort((a, b) => a.rank - b.rank).slice(0, most).map(({ one }) => one);
}
