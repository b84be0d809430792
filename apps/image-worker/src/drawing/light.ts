import { tone } from './palette.js';
import { box, clear, each, form, line, move, oval, type Thing } from './svg.js';

const glow = (x: number, y: number, r: number) => `<circle cx="${x}" cy="${y}" r="${r}" fill="url(#glow)"/>`;
const cord = (to: number) => line(`M500,0V${to}`, '#3b352f', 7);

const candle = (color: string, height: number) =>
  box(-30, -height, [60, height, 10], color) +
  line(`M0,${-height}v-22`, '#3b352f', 5) +
  form(`M0,${-height - 78}Q26,${-height - 36} 0,${-height - 14}Q-26,${-height - 36} 0,${-height - 78}Z`, '#f7b84a', {
    light: 'flat',
  });

export const light: Thing[] = [
  {
    name: /table lamp|portable|mushroom/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      glow(500, 520, 380) +
      form('M440,500H560L600,790Q604,820 570,820H430Q396,820 400,790Z', main) +
      form('M200,510Q220,270 500,262Q780,270 800,510Q500,560 200,510Z', tone(main, 0.03), { light: 'fall' }) +
      form('M200,510Q500,470 800,510Q500,560 200,510Z', '#ffeec2', { light: 'flat' }) +
      line('M260,420Q290,320 400,300', '#ffffff', 14, 'opacity=".4"') +
      box(420, 800, [160, 20, 8], deep),
  },
  {
    name: /arc/i,
    how: 'stands',
    draw: ({ main, material }) =>
      glow(690, 460, 320) +
      line('M300,790C240,120 640,60 690,330', material, 18) +
      form('M560,440Q570,320 690,316Q810,320 820,440Z', main, { light: 'fall' }) +
      form('M560,440Q690,470 820,440Q690,416 560,440Z', '#ffeec2', { light: 'flat' }) +
      oval(310, 800, [150, 26], tone(main, 0.04)),
  },
  {
    name: /tripod|floor lamp/i,
    how: 'stands',
    draw: ({ wood, pale }) =>
      glow(500, 320, 400) +
      line('M500,440L360,815M500,440L640,815M500,440L520,800', wood, 24) +
      line('M410,690H590', tone(wood, -0.1), 10) +
      form('M370,190H630L700,440H300Z', tone(pale, 0.1), { texture: 'weave' }),
  },
  {
    name: /pleated|shade/i,
    how: 'hangs',
    draw: ({ main, deep }) =>
      cord(300) +
      glow(500, 600, 380) +
      form('M380,300H620L790,690H210Z', main) +
      each(17, (i) => line(`M${386 + i * 14.2},304L${224 + i * 34.5},686`, deep, 6, 'opacity=".45"')) +
      line('M210,690H790M380,300H620', deep, 14),
  },
  {
    name: /ribbed|glass pendant/i,
    how: 'hangs',
    draw: ({ main }) =>
      cord(280) +
      box(460, 260, [80, 90, 14], '#b08d4f') +
      glow(500, 560, 330) +
      clear(
        form('M400,340H600Q700,420 700,560Q700,740 500,740Q300,740 300,560Q300,420 400,340Z', main, {
          texture: 'ribs',
        }),
        0.75,
      ) +
      oval(500, 540, [70, 92], '#fff0c4', { light: 'flat' }),
  },
  {
    name: /pendant|moon/i,
    how: 'hangs',
    draw: ({ main }) =>
      cord(250) +
      glow(500, 520, 480) +
      oval(500, 520, [270], tone(main, 0.02)) +
      each(
        9,
        (i) =>
          `<ellipse cx="500" cy="${300 + i * 55}" rx="${Math.sqrt(Math.max(0, 270 ** 2 - (i * 55 - 220) ** 2)).toFixed(0)}" ry="14" fill="none" stroke="#b9a37c" stroke-width="4" opacity=".5"/>`,
      ),
  },
  {
    name: /globe|wall light/i,
    how: 'hangs',
    draw: ({ main, metal }) =>
      oval(500, 300, [92], '#c9a24a') +
      line('M500,300V430', tone(metal, -0.05), 30) +
      box(430, 400, [140, 50, 14], '#c9a24a') +
      glow(500, 610, 420) +
      oval(500, 610, [190], main, { light: 'fall' }),
  },
  {
    name: /desk lamp|clamp/i,
    how: 'stands',
    draw: ({ main, metal }) =>
      glow(690, 470, 300) +
      line('M330,800L420,490L620,330', tone(metal, -0.1), 22) +
      oval(420, 490, [26], main) +
      move(
        form('M-60,-90H40L150,80H-130Z', main) + form('M-130,80H150L130,104H-112Z', '#ffeec2', { light: 'flat' }),
        650,
        370,
        -32,
      ) +
      form('M220,820Q220,780 330,780Q440,780 440,820Z', main),
  },
  {
    name: /snuffer/i,
    how: 'lies',
    draw: ({ main, deep }) =>
      move(
        line('M0,-60L0,430', main, 26) +
          form('M-92,-60Q0,-300 92,-60Z', main) +
          oval(0, -60, [92, 22], deep) +
          oval(0, 430, [30], main),
        440,
        420,
        38,
      ),
  },
  {
    name: /candles?/i,
    how: 'stands',
    draw: ({ main }) =>
      [
        [330, 330],
        [440, 440],
        [560, 500],
        [670, 390],
      ]
        .map(
          ([x, h], i) =>
            glow(x!, 800 - h!, 150) +
            move(candle(tone(main, [0, 0.04, -0.03, 0.02][i]!), h!), x!, 812) +
            oval(x!, 812, [56, 14], '#c9a24a'),
        )
        .join(''),
  },
  {
    name: /lantern/i,
    how: 'stands',
    draw: ({ material, metal }) =>
      line('M400,300Q500,90 600,300', tone(metal, -0.15), 14) +
      form('M360,320Q500,200 640,320Z', metal) +
      box(340, 316, [320, 34, 8], material) +
      clear(box(370, 350, [260, 390], '#d5e6e6'), 0.6) +
      glow(500, 580, 260) +
      move(candle('#efe3c2', 180), 500, 742) +
      [370, 490, 612].map((x) => box(x, 350, [18, 390], metal)).join('') +
      box(330, 740, [340, 80, 14], tone(metal, -0.05)),
  },
  {
    name: /bulb|filament/i,
    how: 'hangs',
    draw: ({ main }) =>
      cord(240) +
      box(446, 230, [108, 120, 16], '#b08d4f', { texture: 'ribs' }) +
      glow(500, 560, 420) +
      clear(
        form(
          'M450,350H550Q560,420 640,480Q700,540 690,620Q670,760 500,770Q330,760 310,620Q300,540 360,480Q440,420 450,350Z',
          main,
        ),
        0.7,
      ) +
      line('M470,360V520L440,640L480,560L500,650L520,560L560,640L530,520V360', '#fff2c9', 9),
  },
  {
    name: /night light|owl/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      glow(500, 560, 400) +
      form(
        'M310,380Q290,250 350,270Q420,310 500,308Q580,310 650,270Q710,250 690,380Q760,820 500,820Q240,820 310,380Z',
        main,
      ) +
      [410, 590]
        .map(
          (x) =>
            oval(x, 450, [72], '#fffaf0') +
            oval(x, 455, [32], '#43382f') +
            oval(x + 10, 444, [9], '#ffffff', { light: 'flat' }),
        )
        .join('') +
      form('M500,480L470,530L500,560L530,530Z', '#e2a63c') +
      each(3, (r) => each(3, (i) => line(`M${410 + i * 66},${620 + r * 52}q24,34 48,0`, deep, 7, 'opacity=".6"'))),
  },
];
