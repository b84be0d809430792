import { tone } from './palette.js';
import { box, clear, each, form, line, move, oval, type Thing } from './svg.js';

const smoke = (x: number, y: number) => line(`M${x},${y}q-40,-60 0,-120t0,-120t0,-110`, '#ffffff', 12, 'opacity=".4"');

export const home: Thing[] = [
  {
    name: /vase/i,
    how: 'stands',
    draw: ({ main }) =>
      each(
        5,
        (i) =>
          line(`M500,360Q${400 + i * 50},220 ${300 + i * 100},${130 + Math.abs(2 - i) * 36}`, '#8a7a55', 7) +
          each(4, (k) =>
            oval(
              300 + i * 100 + (k % 2 ? 14 : -14) + (2 - i) * k * 10,
              130 + Math.abs(2 - i) * 36 + k * 34,
              [15, 22],
              '#d9c08a',
            ),
          ),
      ) +
      form(
        'M440,330H560Q556,440 640,560Q690,690 620,790Q600,820 560,820H440Q400,820 380,790Q310,690 360,560Q444,440 440,330Z',
        main,
        { texture: 'speckle' },
      ) +
      oval(500, 330, [60, 14], tone(main, -0.14)),
  },
  {
    name: /mirror/i,
    how: 'hangs',
    draw: ({ wood }) =>
      line('M500,60V180', '#8a6343', 14) +
      oval(500, 500, [340], wood, { texture: 'grain', light: 'fall' }) +
      oval(500, 500, [296], '#dfeaec', { light: 'fall' }) +
      clear(
        form('M330,640L600,250L680,300L400,720ZM440,740L720,350L745,380L480,760Z', '#ffffff', { light: 'flat' }),
        0.5,
      ),
  },
  {
    name: /hooks/i,
    how: 'hangs',
    draw: ({ main }) =>
      box(130, 400, [740, 70, 20], main, { texture: 'grain' }) +
      each(
        4,
        (i) =>
          line(`M${220 + i * 187},440V540`, tone(main, -0.1), 34) +
          oval(220 + i * 187, 550, [48], tone(main, 0.02), { texture: 'grain' }),
      ) +
      form('M390,560Q380,760 340,860H480Q430,760 424,560Z', '#44709d', { texture: 'weave' }),
  },
  {
    name: /doorstop/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      box(120, 220, [120, 600], '#c9b08a', { texture: 'grain' }) +
      oval(212, 560, [18], '#b08d4f') +
      form('M250,820V800L620,600Q700,580 720,660L740,820Z', main, { light: 'fall' }) +
      oval(660, 560, [70], main) +
      line('M280,806L640,640', '#ffffff', 10, 'opacity=".4"') +
      box(250, 806, [490, 16, 4], deep),
  },
  {
    name: /basket/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      line('M280,480C240,320 380,300 380,470M720,480C760,320 620,300 620,470', tone(main, -0.1), 24) +
      form('M220,460H780L720,780Q712,820 672,820H328Q288,820 280,780Z', main, { texture: 'wicker' }) +
      oval(500, 460, [280, 44], deep) +
      form('M300,452Q360,340 480,400Q600,330 700,450Q500,490 300,452Z', '#e8dcc6', { texture: 'knit', light: 'fall' }),
  },
  {
    name: /clock/i,
    how: 'hangs',
    draw: ({ main, metal }) =>
      oval(500, 480, [320], metal, { light: 'fall' }) +
      oval(500, 480, [290], tone(main, 0.02)) +
      each(12, (i) => move(line('M0,-262V-232', '#3b3a3c', i % 3 ? 7 : 14), 500, 480, i * 30)) +
      move(line('M0,20V-150', '#3b3a3c', 20), 500, 480, -55) +
      move(line('M0,30V-220', '#3b3a3c', 13), 500, 480, 65) +
      move(line('M0,50V-230', '#c8503a', 5), 500, 480, 200) +
      oval(500, 480, [17], '#3b3a3c'),
  },
  {
    name: /boxes|storage box/i,
    how: 'stands',
    draw: ({ main }) =>
      [
        [200, 560, 600, 260],
        [260, 340, 480, 216],
      ]
        .map(
          ([x, y, w, h], i) =>
            box(x!, y!, [w!, h!, 16], tone(main, i * 0.05), { texture: 'weave', light: 'fall' }) +
            box(x! - 12, y!, [w! + 24, 70, 12], tone(main, 0.04 + i * 0.05), { texture: 'weave', light: 'fall' }) +
            line(`M${x! + w! / 2 - 60},${y! + 140}h120`, '#9a6338', 22),
        )
        .join(''),
  },
  {
    name: /incense dish|dish/i,
    how: 'stands',
    draw: ({ main }) =>
      smoke(640, 520) +
      line('M420,760L640,530', '#6b4a33', 9) +
      oval(640, 530, [9], '#ef7a35', { light: 'flat' }) +
      form('M220,740Q260,820 400,820H600Q740,820 780,740Z', main) +
      oval(500, 742, [280, 44], tone(main, 0.03)) +
      oval(500, 748, [240, 32], tone(main, -0.06), { light: 'flat' }),
  },
  {
    name: /incense/i,
    how: 'lies',
    draw: ({ wood }) =>
      move(
        box(-120, -280, [240, 560, 14], wood, { texture: 'grain', light: 'fall' }) +
          box(-80, -190, [160, 200, 8], '#f3ead6', { light: 'flat' }) +
          form('M0,-150Q60,-90 0,-30Q-60,-90 0,-150Z', '#7f9a6b', { light: 'flat' }),
        400,
        520,
        -8,
      ) +
      each(7, (i) =>
        move(line('M0,-260V240', '#6b4a33', 9) + line('M0,240V300', '#c79c67', 5), 620 + i * 30, 500, 4 + i * 2),
      ),
  },
  {
    name: /stool/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      line('M300,480L230,812M700,480L770,812', deep, 40) +
      line('M360,480L320,812M640,480L680,812', main, 40) +
      box(270, 630, [460, 44, 12], tone(main, 0.03)) +
      box(220, 420, [560, 76, 24], main, { texture: 'grain' }) +
      box(450, 448, [100, 22, 11], deep, { light: 'flat' }),
  },
  {
    name: /coat stand/i,
    how: 'stands',
    draw: ({ main, many }) =>
      line('M500,110V800', main, 30) +
      line('M500,720Q380,730 330,815M500,720Q620,730 670,815M500,740V815', main, 24) +
      line(
        'M500,260Q360,280 340,170M500,260Q640,280 660,170M500,360Q390,380 370,290M500,360Q610,380 630,290',
        main,
        22,
      ) +
      form('M590,190Q700,160 760,200L740,236Q660,220 600,226Z', many[0]!, { texture: 'weave' }) +
      oval(676, 176, [54, 40], many[0]!, { texture: 'weave' }) +
      form('M352,300Q330,480 300,640H420Q410,460 388,300Z', many[2]!, { texture: 'knit' }),
  },
  {
    name: /frame/i,
    how: 'hangs',
    draw: ({ main, many }) =>
      box(250, 150, [500, 660, 8], main, { texture: 'grain', light: 'fall' }) +
      box(296, 196, [408, 568], '#f8f3e8', { light: 'flat' }) +
      box(350, 270, [300, 420], '#cfdedb', { light: 'fall' }) +
      oval(560, 370, [50], many[1]!, { light: 'flat' }) +
      form('M350,690V560Q440,460 520,560T650,520V690Z', many[2]!, { light: 'fall' }) +
      form('M350,690V630Q480,560 650,640V690Z', tone(many[2]!, -0.14), { light: 'fall' }),
  },
  {
    name: /candle/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      `<circle cx="500" cy="400" r="260" fill="url(#glow)"/>` +
      form('M500,330Q534,390 500,420Q466,390 500,330Z', '#f7b84a', { light: 'flat' }) +
      line('M500,416V470', '#3b352f', 7) +
      box(320, 460, [360, 360, 34], main) +
      oval(500, 466, [178, 32], '#f4ead4') +
      box(390, 580, [220, 150, 8], '#f6f1e6', { light: 'flat' }) +
      line('M430,630H570M450,670H550', deep, 8),
  },
  {
    name: /rack|magazine/i,
    how: 'stands',
    draw: ({ main, many }) =>
      [
        [0, 330, -5],
        [3, 300, 2],
        [1, 350, 6],
      ]
        .map(([c, y, a]) =>
          move(
            box(-150, 0, [300, 400, 6], many[c!]!, { light: 'fall' }) +
              box(-110, 40, [220, 46, 4], '#f6f1e6', { light: 'flat' }),
            500,
            y!,
            a,
          ),
        )
        .join('') +
      line('M300,470L260,815M700,470L740,815', '#3b3a3c', 16) +
      form('M280,520Q500,580 720,520L700,760Q500,800 300,760Z', main, { light: 'fall' }) +
      line('M300,545Q500,600 700,545', tone(main, -0.14), 5, 'stroke-dasharray="14 10"'),
  },
  {
    name: /yoga|roll/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      form('M180,820H860L840,786H190Z', tone(main, 0.03), { texture: 'speckle', light: 'flat' }) +
      oval(300, 690, [130], main, { texture: 'speckle' }) +
      box(300, 560, [400, 260], main, { texture: 'speckle', light: 'fall' }) +
      oval(700, 690, [130], tone(main, 0.04), { texture: 'speckle' }) +
      [96, 64, 34]
        .map((r) => `<circle cx="700" cy="690" r="${r}" fill="none" stroke="${deep}" stroke-width="9" opacity=".6"/>`)
        .join('') +
      [400, 560].map((x) => box(x, 556, [34, 268, 6], '#9a6338')).join(''),
  },
];
