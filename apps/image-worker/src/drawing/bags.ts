import { tone } from './palette.js';
import { box, clear, each, form, line, move, oval, type Thing } from './svg.js';

const tan = '#9a6338';
const brass = '#c9a24a';
const stitches = (d: string, color: string) => line(d, color, 4, 'stroke-dasharray="13 9" opacity=".8"');

const duffel = (main: string, strap: string) =>
  line('M330,560C330,300 670,300 670,560', strap, 26) +
  box(150, 480, [700, 340, 90], main, { texture: 'weave', light: 'fall' }) +
  [320, 640].map((x) => box(x, 480, [44, 340], strap)).join('') +
  line('M190,520H810', tone(main, -0.18), 8) +
  box(470, 506, [60, 26, 8], brass);

const wallet = (main: string, deep: string) =>
  box(-230, -160, [460, 330, 26], main, { light: 'fall' }) +
  form('M-230,-40Q0,0 230,-40V144Q230,170 204,170H-204Q-230,170 -230,144Z', tone(main, -0.04), { light: 'fall' }) +
  stitches('M-206,-30Q0,8 206,-30V146H-206Z', deep);

export const bags: Thing[] = [
  {
    name: /tote/i,
    how: 'hangs',
    draw: ({ main, deep }) =>
      line('M390,360C390,60 610,60 610,360', tone(main, -0.06), 28) +
      form('M250,340H750L790,860H210Z', main, { texture: 'weave' }) +
      stitches('M262,370H738', deep) +
      oval(500, 600, [90], tone(main, -0.16), { light: 'flat' }) +
      line('M500,540v120M440,600h120', main, 12),
  },
  {
    name: /backpack|rucksack/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      line('M440,250Q500,150 560,250', tan, 24) +
      form('M280,400Q280,220 500,220Q720,220 720,400L740,780Q740,820 700,820H300Q260,820 260,780Z', main, {
        texture: 'weave',
      }) +
      form('M270,250Q500,190 730,250L742,470Q500,530 258,470Z', tone(main, 0.03), { texture: 'weave', light: 'fall' }) +
      box(310, 560, [380, 220, 30], tone(main, -0.04), { texture: 'weave', light: 'fall' }) +
      stitches('M330,600H670', deep) +
      [370, 600].map((x) => box(x, 430, [34, 190, 6], tan) + box(x - 6, 540, [46, 34, 6], brass)).join(''),
  },
  {
    name: /weekender|duffel|travel/i,
    how: 'stands',
    draw: ({ main }) => duffel(main, tan),
  },
  {
    name: /string|market/i,
    how: 'hangs',
    draw: ({ main }) =>
      line('M400,330C380,60 620,60 600,330', main, 16) +
      [
        [420, 640, '#c8503a'],
        [560, 600, '#e1a526'],
        [480, 740, '#7f9a6b'],
        [600, 730, '#d1842f'],
        [370, 740, '#b9473b'],
      ]
        .map(([x, y, c]) => oval(x as number, y as number, [84], c as string))
        .join('') +
      clear(
        each(
          11,
          (i) =>
            line(`M${400 + i * 20},330Q${250 + i * 50},620 ${380 + i * 24},840`, main, 7) +
            line(
              `M${300 - i * 2 + 12},${400 + i * 40}Q500,${450 + i * 42} ${700 + i * 2 - 12},${400 + i * 40}`,
              main,
              6,
            ),
        ),
        0.9,
      ),
  },
  {
    name: /card holder|wallet|passport/i,
    how: 'lies',
    draw: ({ main, deep }) =>
      move(
        box(-180, -220, [360, 200, 16], '#e9e2d2', { light: 'flat' }) +
          box(-190, -190, [380, 200, 16], tone(main, 0.16), { light: 'flat' }) +
          wallet(main, deep),
        500,
        520,
        -12,
        1.25,
      ),
  },
  {
    name: /cross-?body|belt bag/i,
    how: 'hangs',
    draw: ({ main, deep }) =>
      line('M270,500C150,60 850,60 730,500', tone(main, -0.08), 20) +
      box(240, 470, [520, 350, 60], main, { light: 'fall' }) +
      form('M240,530Q240,470 300,470H700Q760,470 760,530V620Q500,740 240,620Z', tone(main, 0.03), { light: 'fall' }) +
      stitches('M262,612Q500,724 738,612', deep) +
      oval(500, 664, [26], brass),
  },
  {
    name: /wash bag|pouch/i,
    how: 'stands',
    draw: ({ main }) =>
      box(210, 480, [580, 340, 60], main, { texture: 'weave' }) +
      box(210, 480, [580, 70, 34], tone(main, 0.07), { light: 'fall' }) +
      line('M250,514H750', brass, 10) +
      line('M740,514L800,600', tan, 22) +
      box(420, 640, [160, 60, 8], tan),
  },
  {
    name: /packing|cubes/i,
    how: 'stands',
    draw: ({ main }) =>
      [
        [190, 640, 620, 180],
        [240, 480, 520, 160],
        [300, 350, 400, 130],
      ]
        .map(
          ([x, y, w, h], i) =>
            box(x!, y!, [w!, h!, 30], tone(main, i * 0.06 - 0.06), { texture: 'weave', light: 'fall' }) +
            line(`M${x! + 30},${y! + 40}H${x! + w! - 30}`, tone(main, -0.2), 7) +
            box(x! + w! / 2 - 40, y! + h! / 2 + 10, [80, 22, 10], tone(main, -0.16)),
        )
        .join(''),
  },
  {
    name: /pannier/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      line('M380,380Q500,300 620,380', '#3b3a3c', 24) +
      form('M250,380H750L720,780Q716,820 676,820H324Q284,820 280,780Z', main, { texture: 'weave' }) +
      form('M240,360H760V520Q500,560 240,520Z', tone(main, 0.04), { texture: 'weave', light: 'fall' }) +
      [360, 590].map((x) => box(x, 470, [40, 200, 6], tan) + box(x - 6, 600, [52, 34, 6], brass)).join('') +
      stitches('M300,760H700', deep) +
      oval(500, 700, [30, 12], '#e9e2d2'),
  },
  {
    name: /key/i,
    how: 'lies',
    draw: ({ main, deep }) =>
      `<circle cx="500" cy="290" r="110" fill="none" stroke="${brass}" stroke-width="24"/>` +
      move(
        box(-56, 0, [112, 440, 46], main, { texture: 'knit', light: 'fall' }) + stitches('M-36,30V400H36V30', deep),
        460,
        360,
        12,
      ) +
      move(
        line('M0,0V250', '#b3b9be', 26) +
          oval(0, -10, [60], '#b3b9be') +
          oval(0, -10, [22], '#7d838a', { light: 'flat' }) +
          line('M0,190h52M0,240h40', '#b3b9be', 22),
        610,
        420,
        -20,
      ),
  },
  {
    name: /umbrella/i,
    how: 'hangs',
    draw: ({ main, wood }) =>
      line('M500,160V800Q500,880 570,880Q640,880 640,800', wood, 24) +
      each(1, () =>
        form(
          'M120,520Q160,190 500,170Q840,190 880,520Q820,460 756,520Q690,460 628,520Q564,460 500,520Q436,460 372,520Q310,460 244,520Q180,460 120,520Z',
          main,
          { texture: 'weave' },
        ),
      ) +
      clear(
        line(
          'M500,174Q380,300 372,516M500,174Q620,300 628,516M500,174Q250,260 244,516M500,174Q750,260 756,516',
          tone(main, -0.16),
          6,
        ),
        0.7,
      ) +
      line('M500,168V120', wood, 18),
  },
];
