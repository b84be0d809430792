import { tone } from './palette.js';
import { box, clear, each, form, line, move, oval, type Thing } from './svg.js';

const fringe = (y: number, color: string) => each(28, (i) => line(`M${206 + i * 21.8},${y}v44`, color, 7));

const cushion =
  'M180,230Q340,262 500,250Q660,262 820,230Q790,400 800,520Q790,660 822,800Q660,768 500,780Q340,768 178,800Q210,660 200,520Q210,400 180,230Z';

const stack = (colors: string[], texture: 'weave' | 'knit') =>
  colors
    .map((color, i) => {
      const y = 820 - (i + 1) * 118;
      return (
        box(210 + i * 12, y, [580 - i * 24, 116, 52], color, { texture, light: 'fall' }) +
        line(`M${236 + i * 12},${y + 62}H${770 - i * 12}`, tone(color, -0.12), 6)
      );
    })
    .join('');

export const textiles: Thing[] = [
  {
    name: /blanket|bedspread|throw|quilt|plaid/i,
    how: 'stands',
    draw: ({ main, pale, deep }) =>
      stack([deep, main, tone(main, 0.05), pale], 'knit') +
      clear(
        each(24, (i) => line(`M${236 + i * 22},816v-34`, deep, 6)),
        0.7,
      ),
  },
  {
    name: /duvet|pillowcase|sheet/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      stack([tone(main, -0.07), tone(main, -0.02), main], 'weave') +
      form('M220,466Q190,330 270,320Q500,290 730,320Q810,330 780,466Q500,500 220,466Z', tone(main, 0.03), {
        texture: 'weave',
        light: 'fall',
      }) +
      line('M240,440Q500,470 760,440', deep, 5, 'opacity=".5"') +
      form('M270,330Q260,220 330,214Q500,196 670,214Q740,220 730,330Q500,360 270,330Z', main, {
        texture: 'weave',
        light: 'fall',
      }),
  },
  {
    name: /cushion|pillow/i,
    how: 'lies',
    draw: ({ main, deep }) =>
      move(
        form(cushion, main, { texture: 'knit', light: 'fall' }) +
          line(cushion, deep, 8, 'opacity=".45"') +
          line('M300,380Q420,420 470,350M680,680Q600,630 560,690', deep, 8, 'opacity=".3"'),
        -20,
        50,
        -3,
      ),
  },
  {
    name: /hammam|towel|muslin/i,
    how: 'hangs',
    draw: ({ main, pale }) =>
      line('M160,220H840', '#8d6a48', 24) +
      form('M250,210H750V800H250Z', pale, { texture: 'weave' }) +
      each(9, (i) => box(250, 270 + i * 60, [500, i % 3 === 0 ? 34 : 14], main, { light: 'flat' })) +
      form('M250,210H750V800H250Z', '#ffffff00', { light: 'round' }) +
      each(24, (i) => line(`M${260 + i * 21},800v52`, pale, 7)),
  },
  {
    name: /bathrobe|robe/i,
    how: 'hangs',
    draw: ({ main, deep }) =>
      line('M500,170V120Q540,90 560,120', '#6e5540', 14) +
      form('M400,180Q500,230 600,180L760,260L820,600L730,620L690,420V860H310V420L270,620L180,600L240,260Z', main, {
        texture: 'knit',
      }) +
      form('M400,180L500,540L600,180L560,172L500,400L440,172Z', tone(main, -0.06), { texture: 'knit', light: 'flat' }) +
      box(310, 530, [380, 46, 10], deep) +
      line('M470,560L440,740M500,560L520,720', deep, 26),
  },
  {
    name: /round rug|rug, round/i,
    how: 'lies',
    draw: ({ main }) =>
      each(9, (i) =>
        oval(500, 500, [370 - i * 42], tone(main, i % 2 ? -0.06 : 0.02), { texture: 'wicker', light: 'flat' }),
      ),
  },
  {
    name: /runner|rug|kilim/i,
    how: 'lies',
    draw: ({ main, deep, pale }) =>
      fringe(100, pale) +
      fringe(858, pale) +
      box(200, 130, [600, 740], main, { texture: 'weave', light: 'flat' }) +
      each(
        5,
        (i) =>
          form(
            `M500,${150 + i * 145}L700,${220 + i * 145}L500,${290 + i * 145}L300,${220 + i * 145}Z`,
            i % 2 ? pale : deep,
            { texture: 'weave', light: 'flat' },
          ) +
          form(`M500,${185 + i * 145}L600,${220 + i * 145}L500,${255 + i * 145}L400,${220 + i * 145}Z`, main, {
            light: 'flat',
          }),
      ) +
      each(12, (i) =>
        form(`M200,${150 + i * 60}l50,24l-50,24ZM800,${150 + i * 60}l-50,24l50,24Z`, pale, { light: 'flat' }),
      ),
  },
  {
    name: /curtain/i,
    how: 'hangs',
    draw: ({ main, deep }) =>
      line('M120,130H880', '#b08d4f', 24) +
      oval(112, 130, [24], '#c9a24a') +
      oval(888, 130, [24], '#c9a24a') +
      each(8, (i) =>
        form(
          `M${200 + i * 75},124Q${232 + i * 75},140 ${275 + i * 75},124L${278 + i * 76},900H${190 + i * 78}Z`,
          i % 2 ? main : tone(main, 0.05),
        ),
      ) +
      clear(
        each(7, (i) => line(`M${272 + i * 75},140L${270 + i * 77},890`, deep, 10)),
        0.5,
      ),
  },
  {
    name: /sock/i,
    how: 'lies',
    draw: ({ main, deep }) =>
      [0, 1]
        .map((i) =>
          move(
            form(
              'M-80,-330H80V60Q90,120 200,150Q300,190 250,270Q200,320 60,270Q-80,220 -80,60Z',
              i ? main : tone(main, -0.05),
              { texture: 'knit', light: 'fall' },
            ) + box(-86, -350, [172, 96, 14], deep, { texture: 'ribs', light: 'flat' }),
            360 + i * 190,
            470 + i * 40,
            -12 + i * 4,
          ),
        )
        .join(''),
  },
  {
    name: /tablecloth/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      box(330, 560, [24, 260], '#8a6343') +
      box(646, 560, [24, 260], '#8a6343') +
      form('M120,470H880L910,700Q850,660 800,704T690,700T580,704T470,700T360,704T250,700T150,704L90,700Z', main, {
        texture: 'weave',
        light: 'fall',
      }) +
      form('M180,410H820L880,472H120Z', tone(main, 0.06), { texture: 'weave', light: 'flat' }) +
      line('M120,472H880', deep, 5, 'opacity=".4"') +
      oval(500, 400, [60, 16], '#f2ede2') +
      oval(500, 350, [44, 50], '#e8e0d0'),
  },
  {
    name: /coaster/i,
    how: 'lies',
    draw: ({ main }) =>
      [
        [350, 360, -0.05],
        [640, 400, 0.08],
        [400, 640, 0.03],
        [660, 680, -0.12],
      ]
        .map(([x, y, t]) => oval(x!, y!, [150], tone(main, t!), { texture: 'knit', light: 'fall' }))
        .join(''),
  },
];
