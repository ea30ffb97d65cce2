/*
 * Draws people of one open-licensed avatar set: who stays, looks vary.
 *
 *   node draw.mjs STYLE PEOPLE LOOKS PIXELS OFFSET NOTES [--still]
 *
 * Writes RGB pixels (256 x 256 x 3 bytes a picture, person by person) into the file PIXELS from byte OFFSET on, and a line of
 * JSON a picture into NOTES: which person in which look, what that person always has, what this look adds, and how the
 * drawing was placed. What a style varies and where its faces are stands in hands.json. The same arguments draw the same
 * pictures. `--still` draws upright, as the set itself does, only in sizes of 85 to 100 %.
 */
import fs from 'node:fs';
import { createAvatar } from '@dicebear/core';
import { Resvg } from '@resvg/resvg-js';

const PIXELS = 256;
const TRIES = 4000; // for a person unlike all before
const APART = 2; // visible features in which two people must differ
const OCCASIONAL = 0.2; // of the looks of a person who does not always wear it: glasses and the like
const BACKGROUNDS = [
  'b6e3f4', 'c0aede', 'd1d4f9', 'ffd5dc', 'ffdfbf', 'ffffff', 'ffffff', 'e8e8e8', 'cfe8cf', '9fb4c7', 'f4e3a1', '6d6875',
];

/** Chance from a seed: splitmix32, which needs no state but a counter. */
function chance(...seeds) {
  let state = seeds.reduce((sum, seed) => Math.imul(sum ^ seed, 0x9e3779b1) + 0x7f4a7c15, 0x2545f491) | 0;
  const number = () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  number.pick = (values) => values[Math.floor(number() * values.length)];
  number.between = (low, high) => low + number() * (high - low);
  return number;
}

/** What a style lets one choose: { mouth: { values: [...], percent: 100 }, hairColor: ... }. */
function choices(style, hand) {
  const properties = style.schema.properties;
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, property]) => {
      if (name === 'backgroundColor' || name.endsWith('Probability')) return [];
      const colours = name.endsWith('Color') ? hand.colours[name] ?? property.default : undefined;
      const leftOut = hand.left_out[name] ?? [];
      const values = (colours ?? property.items?.enum)?.filter((value) => !leftOut.includes(value));
      if (!values?.length) return [];
      return [[name, { values, percent: properties[`${name}Probability`]?.default ?? 100 }]];
    }),
  );
}

/** dicebear's options for { mouth: "smile", glasses: null, ... }. */
function options(chosen, all) {
  const asked = { seed: 'castbook', backgroundColor: ['transparent'] };
  for (const [name, { percent }] of Object.entries(all)) {
    const value = chosen[name];
    asked[name] = value === null ? all[name].values.slice(0, 1) : [value];
    if (percent < 100 || value === null) asked[`${name}Probability`] = value === null ? 0 : 100;
  }
  return asked;
}

/** An SVG of the style's own size. */
function drawing(style, chosen, all) {
  return createAvatar(style, options(chosen, all)).toString();
}

/** What stays: every choice but the look's. After many tries the rare features become common, for the sake of variety. */
function randomPerson(all, hand, random, eagerness) {
  const person = {};
  for (const [name, { values, percent }] of Object.entries(all)) {
    if (hand.looks.includes(name)) continue;
    const usual = hand.sometimes.includes(name) ? Math.min(percent, 25) : percent;
    person[name] = random() * 100 < Math.max(usual, percent < 100 ? eagerness : 0) ? random.pick(values) : null;
  }
  return person;
}

/** Only what the drawing shows: the colour of hair that is under a turban is no feature. */
function visible(person, style, all, hand) {
  const look = Object.fromEntries(hand.looks.map((name) => [name, all[name].values[0]]));
  const drawn = drawing(style, { ...person, ...look }, all);
  const shown = {};
  for (const [name, value] of Object.entries(person)) {
    const { values } = all[name];
    if (values.length < 2 && all[name].percent === 100) continue;
    const other = value === null ? values[0] : values.find((one) => one !== value) ?? null;
    shown[name] = drawing(style, { ...person, ...look, [name]: other }, all) === drawn ? null : value ?? 'none';
  }
  return shown;
}

const difference = (one, other) => Object.keys(one).filter((name) => one[name] !== other[name]).length;

/** People who differ in two visible features, as far as the style's variety goes. */
function cast(count, style, all, hand, random) {
  const people = [];
  while (people.length < count) people.push({ ...newcomer(people, style, all, hand, random), mirrored: random() < 0.5 });
  return people;
}

/** Somebody unlike all others; after too many tries who is least like them. */
function newcomer(others, style, all, hand, random) {
  let best = { apart: -1 };
  for (let turn = 0; turn < TRIES; turn++) {
    const person = randomPerson(all, hand, random, (60 * turn) / TRIES);
    let apart = Math.min(...others.map((other) => difference(person, other.person)));
    if (apart <= best.apart) continue; // spares most of the drawings
    const shown = visible(person, style, all, hand);
    apart = Math.min(...others.map((other) => difference(shown, other.shown)));
    if (apart > best.apart) best = { person, shown, apart };
    if (apart >= APART) break;
  }
  return best;
}

/** What changes from picture to picture. */
function randomLook(person, all, hand, random) {
  const look = {};
  for (const name of hand.looks) {
    const { values, percent } = all[name];
    look[name] = random() * 100 < (percent < 100 ? 30 : 100) ? random.pick(values) : null;
  }
  for (const name of hand.sometimes) {
    if (person[name] === null && random() < OCCASIONAL) look[name] = random.pick(all[name].values);
  }
  return look;
}

/**
 * [a, b, c, d, e, f] of SVG's matrix(): where the drawing goes in a picture that is as wide as the drawing. The whole face
 * stays in the picture.
 */
function place(hand, face, mirrored, still, random) {
  const middle = hand.size / 2;
  const inside = (at) => at > 0.01 * hand.size && at < 0.99 * hand.size;
  const fits = ([a, b, c, d, e, f]) =>
    corners(face.box).every(([x, y]) => inside(a * x + c * y + e) && inside(b * x + d * y + f));
  for (let turn = 0; turn < 30; turn++) {
    const close = !still && random() < 0.3;
    const scale = random.between(close ? 1 : 0.85, close ? 1.35 : 1);
    const angle = still || random() < 0.4 ? 0 : random.between(-0.2, 0.2);
    const [right, down] = still ? [0, 0] : [0, 0].map(() => random.between(-0.08, 0.08) * hand.size);
    const side = !still && mirrored ? -1 : 1;
    const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
    const [a, b, c, d] = [side * cos, side * sin, -sin, cos];
    const matrix = [a, b, c, d, middle - (a + c) * middle + right, middle - (b + d) * middle + down];
    if (still || fits(matrix)) return matrix;
  }
  return [0.85, 0, 0, 0.85, 0.15 * middle, 0.15 * middle];
}

const corners = ([left, top, right, bottom]) => [[left, top], [right, top], [left, bottom], [right, bottom]];

/** RGB pixels of the drawing, placed on a ground of one colour. */
function rendered(svg, size, matrix, background) {
  const start = svg.indexOf('>') + 1;
  const body = svg.slice(start, svg.lastIndexOf('</svg>'));
  const ground = `<rect width="${size}" height="${size}" fill="#${background}"/>`;
  const whole = `${svg.slice(0, start)}${ground}<g transform="matrix(${matrix.join(' ')})">${body}</g></svg>`;
  const rgba = new Resvg(whole, { fitTo: { mode: 'width', value: PIXELS }, font: { loadSystemFonts: false } }).render().pixels;
  const rgb = Buffer.alloc(PIXELS * PIXELS * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
  return rgb;
}

const [name, people, looks, pixels, offset, notes, stillness] = process.argv.slice(2);
const hand = JSON.parse(fs.readFileSync(new URL('hands.json', import.meta.url)))[name];
const style = await import(`@dicebear/${name}`);
const all = choices(style, hand);
const seed = [...name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 7);
const file = fs.openSync(pixels, fs.existsSync(pixels) ? 'r+' : 'w');
const lines = [];
cast(+people, style, all, hand, chance(seed, 1)).forEach(({ person, shown, mirrored }, index) => {
  for (let number = 0; number < +looks; number++) {
    const random = chance(seed, 2, index, number);
    const look = randomLook(person, all, hand, random);
    const face = hand.faces[person[hand.faces_by]] ?? hand.faces.default;
    const placed = place(hand, face, mirrored, stillness === '--still', random);
    const background = random.pick(BACKGROUNDS);
    const rgb = rendered(drawing(style, { ...person, ...look }, all), hand.size, placed, background);
    fs.writeSync(file, rgb, 0, rgb.length, +offset + lines.length * rgb.length);
    const chosen = { features: shown, person_options: person, look_options: look };
    lines.push(JSON.stringify({ style: name, person: index, look: number, ...chosen, placed, background }));
  }
});
fs.closeSync(file);
fs.writeFileSync(notes, lines.join('\n') + '\n');
