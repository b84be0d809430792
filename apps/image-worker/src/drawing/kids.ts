import { tone } from './palette.js';
import { box, clear, each, form, line, move, oval, type Thing } from './svg.js';

const wheel = (x: number, y: number, r: number, color: string) =>
  oval(x, y, [r], color) + oval(x, y, [r * 0.3], '#f3ead6', { light: 'flat' });
const cloud = (color: string) =>
  form('M-90,30a50,50 0 0 1 10,-98a70,70 0 0 1 130,-14a56,56 0 0 1 40,112Z', color, { texture: 'knit', light: 'fall' });

export const kids: Thing[] = [
  {
    name: /blocks/i,
    how: 'stands',
    draw: ({ wood, many }) =>
      box(210, 640, [180, 180, 10], wood, { texture: 'grain' }) +
      box(400, 640, [180, 180, 10], many[3]!, { texture: 'grain' }) +
      box(590, 640, [180, 180, 10], tone(wood, -0.05), { texture: 'grain' }) +
      box(300, 450, [180, 180, 10], many[1]!, { texture: 'grain' }) +
      form('M490,640V460A180,180 0 0 1 670,640Z', wood, { texture: 'grain' }) +
      form('M300,450L390,290L480,450Z', many[0]!, { texture: 'grain', light: 'fall' }) +
      oval(830, 766, [54], many[2]!, { texture: 'grain' }),
  },
  {
    name: /dachshund|pull-along/i,
    how: 'stands',
    draw: ({ main, wood }) =>
      line('M850,430Q930,520 900,700T960,800', '#e9e2d2', 8) +
      box(190, 520, [520, 170, 80], wood, { texture: 'grain' }) +
      form('M640,560V400Q640,340 710,340L850,400Q880,420 850,450L760,470V620Z', wood, { texture: 'grain' }) +
      oval(690, 440, [44, 84], tone(wood, -0.16)) +
      oval(770, 392, [11], '#2f2a26') +
      oval(858, 424, [18], '#2f2a26') +
      line('M196,560Q110,500 130,420', wood, 26) +
      [290, 430, 570, 690].map((x) => wheel(x, 745, 72, main)).join(''),
  },
  {
    name: /paints?|jars/i,
    how: 'stands',
    draw: ({ many }) =>
      each(6, (i) =>
        move(
          box(-76, -160, [152, 160, 20], many[i]!) +
            box(-84, -206, [168, 52, 12], '#f6f1e6') +
            box(-50, -110, [100, 60, 8], '#f6f1e6', { light: 'flat' }),
          290 + (i % 3) * 205,
          i < 3 ? 600 : 816,
        ),
      ),
  },
  {
    name: /rainbow/i,
    how: 'stands',
    draw: ({ many }) =>
      each(6, (i) =>
        form(
          `M${150 + i * 56},820a${350 - i * 56},${350 - i * 56} 0 0 1 ${700 - i * 112},0h-50a${300 - i * 56},${300 - i * 56} 0 0 0 ${-600 + i * 112},0Z`,
          [many[0], '#d9843a', many[1], many[2], many[3], many[5]][i]!,
          { texture: 'grain', light: 'fall' },
        ),
      ),
  },
  {
    name: /rabbit|knitted|bear/i,
    how: 'stands',
    draw: ({ main, deep, many }) =>
      form('M400,330Q330,80 420,90Q490,110 480,330ZM600,330Q670,80 580,90Q510,110 520,330Z', main, {
        texture: 'knit',
      }) +
      oval(500, 660, [170, 160], main, { texture: 'knit' }) +
      oval(500, 420, [150, 130], tone(main, 0.03), { texture: 'knit' }) +
      oval(500, 700, [90, 90], tone(main, 0.12), { texture: 'knit' }) +
      oval(350, 650, [52, 90], main, { texture: 'knit' }) +
      oval(650, 650, [52, 90], main, { texture: 'knit' }) +
      oval(420, 800, [74, 34], deep, { texture: 'knit' }) +
      oval(580, 800, [74, 34], deep, { texture: 'knit' }) +
      oval(450, 410, [13], '#2f2a26') +
      oval(550, 410, [13], '#2f2a26') +
      form('M484,450h32l-16,20Z', many[4]!, { light: 'flat' }) +
      line('M500,470q-20,26 -40,12M500,470q20,26 40,12', '#5a4a40', 5) +
      line('M430,540H570', many[0]!, 34),
  },
  {
    name: /train/i,
    how: 'stands',
    draw: ({ main, wood, many }) =>
      line('M140,790H860', tone(wood, -0.14), 14) +
      box(170, 560, [270, 170, 14], many[0]!, { texture: 'grain' }) +
      line('M440,690H520', '#4a4038', 14) +
      box(520, 590, [330, 140, 16], main, { texture: 'grain' }) +
      box(520, 420, [150, 310, 14], main, { texture: 'grain' }) +
      box(500, 396, [190, 38, 12], tone(main, -0.12)) +
      box(552, 460, [86, 86, 10], '#f3e2ac') +
      box(760, 480, [56, 116, 8], wood, { texture: 'grain' }) +
      [250, 370, 580, 690, 800].map((x) => wheel(x, 750, 50, wood)).join('') +
      each(3, (i) => clear(oval(790 - i * 70, 410 - i * 70, [36 + i * 16], '#ffffff', { light: 'flat' }), 0.6)) +
      oval(220, 540, [50, 40], '#c79c67') +
      oval(310, 530, [60, 46], '#b78a55') +
      oval(390, 544, [40, 34], '#c79c67'),
  },
  {
    name: /memory|cards?|game/i,
    how: 'lies',
    draw: ({ many }) =>
      each(9, (i) => {
        const open = [0, 4, 5, 7].includes(i);
        const bird =
          oval(0, 6, [46, 32], many[i % 5]!) +
          oval(34, -22, [22], many[i % 5]!) +
          form('M54,-26l26,8l-26,8Z', '#3b352f', { light: 'flat' }) +
          form('M-40,4l-50,22l50,8Z', tone(many[i % 5]!, -0.12));
        return move(
          box(-100, -100, [200, 200, 22], open ? '#f8f3e8' : many[3]!, { light: 'fall' }) +
            (open ? bird : `<circle r="52" fill="none" stroke="#f8f3e8" stroke-width="10" opacity=".7"/>`),
          270 + (i % 3) * 230,
          270 + Math.floor(i / 3) * 230,
          ((i * 7) % 5) - 2,
        );
      }),
  },
  {
    name: /tent/i,
    how: 'stands',
    draw: ({ main, wood }) =>
      line('M440,150L540,260M560,150L460,260', wood, 20) +
      form('M500,200L820,820H180Z', '#f4eee2') +
      form('M500,200L820,820H180Z', main, { texture: 'stripes' }) +
      form('M500,360L620,820H380Z', '#4a4038', { light: 'fall' }) +
      form(
        'M500,360Q470,620 340,820H400Q490,640 500,360ZM500,360Q530,620 660,820H600Q510,640 500,360Z',
        tone(main, 0.1),
        { texture: 'weave' },
      ) +
      each(7, (i) =>
        form(
          `M${420 + i * 26},${330 - Math.abs(3 - i) * -14}l13,34l13,-34Z`,
          ['#c8503a', '#e1a526', '#7f9a6b'][i % 3]!,
          { light: 'flat' },
        ),
      ),
  },
  {
    name: /mobile|clouds/i,
    how: 'hangs',
    draw: ({ main, wood, many }) =>
      line('M500,0V180', '#8a8378', 6) +
      line('M240,220Q500,150 760,220', wood, 18) +
      [
        [260, 520, 1],
        [500, 640, 1.25],
        [740, 480, 0.95],
      ]
        .map(([x, y, s]) => line(`M${x},205V${y! - 60}`, '#b7b0a4', 4) + move(cloud(main), x!, y!, 0, s))
        .join('') +
      [
        [380, 400],
        [620, 380],
      ]
        .map(([x, y]) => line(`M${x},190V${y}`, '#b7b0a4', 4) + oval(x!, y!, [34], many[1]!))
        .join(''),
  },
  {
    name: /balance/i,
    how: 'stands',
    draw: ({ wood }) =>
      form('M110,560Q500,1010 890,560L860,536Q500,930 140,536Z', wood, { texture: 'grain' }) +
      form('M110,560Q500,1010 890,560L884,590Q500,1046 116,590Z', tone(wood, -0.12), { light: 'fall' }),
  },
  {
    name: /doll|house/i,
    how: 'stands',
    draw: ({ main, wood, many }) =>
      form('M150,430L500,140L850,430Z', many[0]!, { light: 'fall' }) +
      box(200, 420, [600, 400], wood, { texture: 'grain' }) +
      [
        [224, 440, many[4]],
        [510, 440, many[2]],
        [224, 636, many[1]],
        [510, 636, many[3]],
      ]
        .map(([x, y, c]) =>
          box(x as number, y as number, [266, 168, 4], tone(c as string, 0.14, 0.6), { light: 'fall' }),
        )
        .join('') +
      box(260, 552, [150, 56, 8], main) +
      box(560, 500, [60, 108, 6], wood) +
      box(300, 730, [140, 24, 4], '#8a6343') +
      box(320, 752, [16, 52], '#8a6343') +
      box(404, 752, [16, 52], '#8a6343') +
      box(620, 690, [100, 114, 40], many[0]!) +
      oval(500, 320, [46], '#f3e2ac'),
  },
  {
    name: /kite/i,
    how: 'hangs',
    draw: ({ main, deep, many }) =>
      form('M560,120L760,400L480,700L330,340Z', main) +
      form('M560,120L480,700L330,340Z', tone(main, 0.07), { light: 'flat' }) +
      line('M560,120L480,700M330,340L760,400', deep, 7) +
      line('M480,700C420,800 560,840 500,980', '#6b5a48', 5) +
      [
        [455, 775],
        [505, 850],
        [535, 920],
      ]
        .map(([x, y], i) => form(`M${x},${y}l-46,-22v44Zl46,-22v44Z`, many[i + 1]!, { light: 'flat' }))
        .join(''),
  },
];
