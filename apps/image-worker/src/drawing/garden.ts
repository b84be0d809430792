import { tone } from './palette.js';
import { box, clear, each, form, line, move, oval, type Thing } from './svg.js';

const leaf = 'M0,0Q70,-60 160,-50Q110,30 0,0Z';
const greens = ['#6f9160', '#58794e', '#86a672'];

const plant = (x: number, y: number, scale = 1) =>
  move(
    each(9, (i) => move(form(leaf, greens[i % 3]!, { light: 'fall' }), 0, -i * 12, -150 + i * 19, 1.1)),
    x,
    y,
    0,
    scale,
  );

export const garden: Thing[] = [
  {
    name: /long tom|\bpot\b/i,
    how: 'stands',
    draw: ({ main }) =>
      plant(500, 390, 1.3) +
      form('M350,420H650L600,820H400Z', main) +
      box(320, 360, [360, 84, 12], tone(main, 0.02)) +
      line('M380,500L410,760', '#ffffff', 10, 'opacity=".25"'),
  },
  {
    name: /planter/i,
    how: 'stands',
    draw: ({ main }) =>
      each(3, (i) => plant(320 + i * 180, 560, 0.85)) +
      box(180, 540, [640, 280, 18], main, { texture: 'ribs', light: 'fall' }) +
      box(166, 528, [668, 44, 10], tone(main, 0.05)),
  },
  {
    name: /watering can/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      line('M330,520C140,420 180,820 350,740', main, 34) +
      line('M400,470Q500,280 620,470', main, 30) +
      form('M600,660L850,430L884,462L640,760Z', main) +
      form('M810,376L924,470L880,500L800,426Z', tone(main, 0.06)) +
      form('M340,470H640L660,820H320Z', main) +
      oval(490, 470, [150, 28], deep),
  },
  {
    name: /trowel/i,
    how: 'lies',
    draw: ({ wood, metal }) =>
      move(
        form('M-80,-330Q0,-400 80,-330L66,-60Q0,10 -66,-60Z', metal, { light: 'fall' }) +
          line('M0,-300V-60', tone(metal, -0.12), 8) +
          line('M0,-30V90', tone(metal, -0.08), 26) +
          box(-36, 80, [72, 290, 34], wood, { texture: 'grain' }),
        500,
        510,
        35,
      ),
  },
  {
    name: /chair/i,
    how: 'stands',
    draw: ({ main, wood }) =>
      line('M330,200L640,815M360,815L680,560', wood, 30) +
      line('M310,815L650,540', tone(wood, -0.06), 30) +
      each(4, (i) => move(box(-150, 0, [320, 46, 10], tone(main, i * 0.02)), 440 + i * 36, 220 + i * 72, -4)) +
      each(4, (i) => box(330 + i * 8, 556 + i * 26, [380, 22, 8], tone(main, -0.02 + i * 0.02))),
  },
  {
    name: /bird feeder/i,
    how: 'hangs',
    draw: ({ metal, many }) =>
      line('M500,0V220', '#4a4038', 7) +
      form('M280,360L500,200L720,360Z', metal, { light: 'fall' }) +
      clear(box(330, 360, [340, 300], '#d5e6e6'), 0.65) +
      form('M332,560Q420,520 500,556T668,540V660H332Z', '#c79c67', { texture: 'speckle' }) +
      box(260, 656, [480, 46, 10], tone(metal, -0.04)) +
      move(
        oval(0, 0, [74, 52], many[0]!) +
          oval(62, -44, [36], tone(many[0]!, -0.06)) +
          form('M92,-48L128,-40L94,-32Z', '#3b352f', { light: 'flat' }) +
          form('M-60,-10L-150,20L-66,30Z', tone(many[0]!, -0.12)) +
          oval(72, -52, [6], '#ffffff', { light: 'flat' }),
        690,
        604,
        0,
        0.9,
      ),
  },
  {
    name: /lantern/i,
    how: 'hangs',
    draw: ({ wood }) => {
      const one =
        line('M0,-400V-130', '#4a4038', 6) +
        `<circle r="260" fill="url(#glow)"/>` +
        form('M-90,-130H90Q170,0 90,150H-90Q-170,0 -90,-130Z', '#f3e6c4', { texture: 'ribs' }) +
        box(-96, -146, [192, 30, 8], wood) +
        box(-96, 136, [192, 30, 8], wood);
      return move(one, 340, 400) + move(one, 660, 560);
    },
  },
  {
    name: /twine/i,
    how: 'stands',
    draw: ({ many }) =>
      [
        ['#c3a16c', 300],
        [many[2]!, 510],
        [many[0]!, 715],
      ]
        .map(([color, x]) =>
          move(
            form('M-80,-230H80L92,0H-92Z', color as string, { texture: 'ribs' }) +
              each(8, (i) =>
                line(`M-88,${-20 - i * 27}L88,${-36 - i * 27}`, tone(color as string, -0.12), 5, 'opacity=".6"'),
              ) +
              oval(0, -230, [80, 18], tone(color as string, 0.06)) +
              oval(0, -230, [28, 8], '#4a3a2c'),
            x as number,
            816,
          ),
        )
        .join(''),
  },
  {
    name: /secateur/i,
    how: 'lies',
    draw: ({ main, metal }) =>
      move(
        form('M-10,-20Q-150,-200 -60,-340Q20,-220 30,-20Z', metal) +
          form('M10,-20Q110,-170 70,-280Q-10,-170 -20,-10Z', tone(metal, -0.1)) +
          line('M-10,30Q-120,180 -90,390', main, 58) +
          line('M20,30Q130,180 96,390', tone(main, -0.04), 58) +
          oval(4, 4, [36], tone(metal, -0.16)) +
          line('M-28,120Q10,80 40,120', tone(metal, -0.05), 12),
        500,
        480,
        28,
      ),
  },
  {
    name: /hammock/i,
    how: 'hangs',
    draw: ({ main, deep }) =>
      line('M60,200L230,420M940,200L770,420', '#8d6a48', 10) +
      each(5, (i) =>
        line(`M60,200L${210 + i * 22},${400 + i * 40}M940,200L${790 - i * 22},${400 + i * 40}`, '#b9a27c', 4),
      ) +
      form('M210,400Q500,760 790,400L740,520Q500,860 260,520Z', main, { texture: 'weave', light: 'fall' }) +
      form('M210,400Q500,680 790,400Q500,620 210,400Z', tone(main, -0.08), { texture: 'weave' }) +
      each(14, (i) => line(`M${270 + i * 35},${520 + (2 * i * (13 - i) * 340) / 169}v46`, deep, 5)),
  },
  {
    name: /seeds/i,
    how: 'lies',
    draw: ({ many }) =>
      move(
        box(-200, -290, [400, 580, 12], '#efe4cb', { light: 'fall' }) +
          box(-200, -290, [400, 90, 12], '#7f9a6b', { light: 'flat' }) +
          each(5, (i) =>
            move(
              line('M0,0V150', greens[1]!, 8) +
                each(6, (k) => move(oval(0, -34, [16, 34], many[i % 4]!, { light: 'flat' }), 0, 0, k * 60)) +
                oval(0, 0, [18], '#e9c24a'),
              -130 + i * 65,
              20 + (i % 2) * 80,
            ),
          ),
        470,
        500,
        -7,
      ) + each(9, (i) => oval(740 + (i % 3) * 40, 640 + i * 24, [12, 8], '#6b4a33')),
  },
  {
    name: /kneeling|pad/i,
    how: 'lies',
    draw: ({ main, deep }) =>
      move(
        box(-350, -200, [700, 400, 70], main, { texture: 'weave', light: 'fall' }) +
          line('M-310,-160H310V160H-310Z', deep, 6, 'stroke-dasharray="16 11"') +
          form('M-110,-200Q0,-300 110,-200', '#00000000') +
          line('M-110,-196Q0,-290 110,-196', '#8f5a34', 26),
        500,
        530,
        -9,
      ),
  },
  {
    name: /fire bowl/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      `<circle cx="500" cy="420" r="400" fill="url(#glow)"/>` +
      form('M500,180Q660,380 590,520H410Q340,380 430,330Q450,400 470,360Q450,270 500,180Z', '#ef8a35', {
        light: 'flat',
      }) +
      form('M505,330Q590,440 550,530H450Q420,450 505,330Z', '#f8ce5c', { light: 'flat' }) +
      line('M330,700L290,815M670,700L710,815M500,740V815', deep, 26) +
      form('M170,520H830Q770,730 500,740Q230,730 170,520Z', main, { texture: 'speckle' }) +
      oval(500, 522, [330, 36], deep, { light: 'flat' }),
  },
  {
    name: /gauge/i,
    how: 'stands',
    draw: ({ main }) =>
      line('M500,560V815', main, 20) +
      box(448, 580, [104, 54, 10], main) +
      form('M450,590Q440,420 450,390H550Q560,420 550,590Z', '#8fc0cc') +
      clear(form('M440,180H560V590Q560,610 540,610H460Q440,610 440,590Z', '#d5e6e6'), 0.6) +
      line('M440,180H560V590Q560,610 540,610H460Q440,610 440,590Z', '#ffffff', 5, 'opacity=".8"') +
      each(9, (i) => line(`M462,${220 + i * 40}h${i % 2 ? 24 : 42}`, '#4a5a60', 5)) +
      box(424, 540, [152, 40, 10], tone(main, 0.04)) +
      plant(330, 815, 0.7) +
      plant(690, 815, 0.6),
  },
  {
    name: /picnic blanket|blanket/i,
    how: 'stands',
    draw: ({ main }) =>
      each(3, (i) =>
        box(220, 478 + i * 114, [560, 112, 50], tone(main, 0.03 - i * 0.03), { texture: 'check', light: 'fall' }),
      ) +
      box(430, 450, [52, 372, 6], '#8f5a34') +
      line('M456,450Q520,330 600,450', '#8f5a34', 26) +
      box(574, 450, [52, 372, 6], '#8f5a34'),
  },
];
