// The difference between two texts, word by word.

const WORDS = globalThis.Intl?.Segmenter ? new Intl.Segmenter(undefined, { granularity: "word" }) : null;

/** Return the words of a text and what stands between them. Scripts without spaces have words, too. */
function splitWords(text) {
  return WORDS ? [...WORDS.segment(text)].map((part) => part.segment) : text.split(/(\s+)/).filter(Boolean);
}

/** Return two texts as lists of {text, differs}: a longest common subsequence of words is equal. */
export function compareTexts(one, other) {
  const [left, right] = [splitWords(one), splitWords(other)];
  const lengths = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      lengths[i][j] = left[i] === right[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  const sides = [[], []];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      sides[0].push({ text: left[i++], differs: false });
      sides[1].push({ text: right[j++], differs: false });
    } else if (j >= right.length || (i < left.length && lengths[i + 1][j] >= lengths[i][j + 1])) {
      sides[0].push({ text: left[i++], differs: true });
    } else {
      sides[1].push({ text: right[j++], differs: true });
    }
  }
  return sides;
}
