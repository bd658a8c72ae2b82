// What differs between two texts, word by word.

const LONGEST_COMPARED = 400;

/** Words and single marks, each with the white space before it. */
function words(text) {
  return (text.match(/\s*(?:[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}\p{M}])/gu) || []);
}

/**
 * Two lists of [text, isCommon] runs, one for each text, by a longest common subsequence of words,
 * upper and lower case alike; null where a text is too long to compare.
 */
function compareWords(left, right) {
  const a = words(left), b = words(right);
  if (a.length > LONGEST_COMPARED || b.length > LONGEST_COMPARED) return null;
  const plain = (list) => list.map((word) => word.trim().toLowerCase());
  const x = plain(a), y = plain(b), width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] = x[i] === y[j]
        ? longest[(i + 1) * width + j + 1] + 1
        : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  const inA = new Array(a.length).fill(false), inB = new Array(b.length).fill(false);
  let i = 0, j = 0;
  while (i < a.length && j < b.length) {
    if (x[i] === y[j]) { inA[i++] = true; inB[j++] = true; }
    else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) i++;
    else j++;
  }
  return [runs(a, inA), runs(b, inB)];
}

/** Neighbours of one kind joined, white space between two kinds outside the mark. */
function runs(list, common) {
  const joined = [];
  list.forEach((word, place) => {
    const last = joined.at(-1);
    if (last && last[1] === common[place]) { last[0] += word; return; }
    const start = word.match(/^\s*/)[0];
    if (start && joined.length) joined.push([start, true]);
    joined.push([word.slice(start.length), common[place]]);
  });
  return joined;
}
