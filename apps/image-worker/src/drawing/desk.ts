import { tone } from './palette.js';
import { box, clear, each, form, line, move, oval, type Thing } from './svg.js';

const paper = '#f6f1e6';

const pencil = (color: string) =>
  box(-14, -300, [28, 520, 4], color) +
  form('M-14,-300L0,-352L14,-300Z', '#e3c79b', { light: 'flat' }) +
  form('M-5,-332L0,-352L5,-332Z', '#3b3a3c', { light: 'flat' }) +
  box(-14, 190, [28, 34, 4], tone(color, -0.12));

const pen = (main: string, metal: string, nib: string) =>
  box(-27, -190, [54, 300, 22], main) +
  box(-29, 90, [58, 270, 26], tone(main, 0.03)) +
  box(-31, 84, [62, 22, 4], metal) +
  line('M24,120V290', metal, 12) +
  form('M-24,-186L0,-330L24,-186Z', nib) +
  line('M0,-320V-250', '#3b3a3c', 3);

export const desk: Thing[] = [
  {
    name: /notebook/i,
    how: 'lies',
    draw: ({ main, deep }) =>
      move(
        box(-232, -310, [480, 640, 18], paper) +
          box(-250, -320, [480, 640, 18], main, { texture: 'weave', light: 'fall' }) +
          box(-250, -320, [64, 640, 14], deep, { texture: 'weave', light: 'flat' }) +
          box(-80, -200, [220, 110, 6], paper, { light: 'flat' }) +
          line('M-50,-160H110M-50,-130H60', '#8a8378', 6) +
          line('M90,320V390', deep, 14),
        500,
        490,
        -8,
      ),
  },
  {
    name: /fountain pen/i,
    how: 'lies',
    draw: ({ main }) =>
      line('M180,760Q300,690 380,750T560,740', '#2d3d63', 8, 'opacity=".7"') +
      move(pen(main, '#c9a24a', '#d9b45c'), 540, 430, -142),
  },
  {
    name: /\bpen\b/i,
    how: 'lies',
    draw: ({ main, deep }) => move(pen(main, deep, tone(main, 0.08)), 500, 490, 42, 1.1),
  },
  {
    name: /pencil/i,
    how: 'lies',
    draw: () =>
      each(12, (i) => move(pencil(tone('#b9784f', -0.16 + i * 0.028)), 225 + i * 50, 540 + Math.sin(i * 1.3) * 14, 0)),
  },
  {
    name: /crayon/i,
    how: 'lies',
    draw: ({ many }) => each(6, (i) => move(pencil(many[i]!), 250 + i * 100, 530, i * 2 - 5, 1.2)),
  },
  {
    name: /stand|riser/i,
    how: 'stands',
    draw: ({ wood }) =>
      box(240, 270, [520, 320, 16], '#33363b', { light: 'fall' }) +
      box(256, 286, [488, 288, 6], '#5d7289', { light: 'fall' }) +
      box(470, 588, [60, 70], '#45484d') +
      box(120, 650, [760, 46, 14], wood, { texture: 'grain' }) +
      box(150, 694, [50, 126], tone(wood, -0.06), { texture: 'grain' }) +
      box(800, 694, [50, 126], tone(wood, -0.06), { texture: 'grain' }) +
      box(330, 790, [320, 28, 8], '#e9e4da') +
      each(12, (i) => box(342 + i * 25, 796, [18, 8, 2], '#b7b0a4', { light: 'flat' })),
  },
  {
    name: /mat\b|felt$/i,
    how: 'lies',
    draw: ({ main, deep }) =>
      box(110, 270, [780, 460, 34], main, { texture: 'knit', light: 'fall' }) +
      line('M140,300H860V700H140Z', deep, 5, 'stroke-dasharray="18 12" opacity=".7"') +
      move(pencil('#d9a441'), 740, 520, 20, 0.7) +
      box(250, 380, [260, 260, 8], paper, { light: 'flat' }) +
      line('M290,440H470M290,480H470M290,520H400', '#b7b0a4', 6),
  },
  {
    name: /tray/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      each(
        3,
        (i) =>
          box(260, 398 + i * 150, [480, 16, 6], paper, { light: 'flat' }) +
          form(`M200,${400 + i * 150}H240V${470 + i * 150}H760V${400 + i * 150}H800V${510 + i * 150}H200Z`, main),
      ) + [228, 772].map((x) => line(`M${x},400V810`, deep, 12)).join(''),
  },
  {
    name: /pinboard|hexagon/i,
    how: 'hangs',
    draw: ({ main, many }) =>
      [
        [360, 300],
        [640, 300],
        [220, 530],
        [500, 530],
        [780, 530],
        [360, 760],
        [640, 760],
      ]
        .map(([x, y], i) =>
          move(
            form('M0,-150L130,-75V75L0,150L-130,75V-75Z', tone(main, (i % 3) * 0.03 - 0.03), {
              texture: 'speckle',
              light: 'fall',
            }),
            x!,
            y!,
          ),
        )
        .join('') +
      [
        [330, 250],
        [690, 340],
        [500, 560],
        [400, 800],
      ]
        .map(([x, y], i) => oval(x!, y!, [18], many[i]!))
        .join('') +
      move(box(-70, -10, [140, 150, 4], paper, { light: 'flat' }), 690, 345, 5),
  },
  {
    name: /cable|tie/i,
    how: 'lies',
    draw: ({ main, deep }) =>
      [-18, 4, 22]
        .map((a, i) =>
          move(
            line('M-250,0C-120,-120 120,120 250,0', '#ecebe6', 22) +
              box(-70, -62, [140, 124, 40], tone(main, i * 0.04 - 0.04), { light: 'fall' }) +
              oval(0, 0, [20], '#c9a24a') +
              line('M-54,-44H54M-54,44H54', deep, 4, 'stroke-dasharray="10 8"'),
            500,
            290 + i * 215,
            a,
          ),
        )
        .join(''),
  },
  {
    name: /calendar/i,
    how: 'hangs',
    draw: ({ many }) =>
      box(270, 190, [460, 640, 6], paper, { light: 'fall' }) +
      box(270, 190, [460, 250], many[2]!, { light: 'fall' }) +
      oval(500, 330, [80], '#f3d27a', { light: 'flat' }) +
      form('M270,440V400Q400,330 520,400T730,380V440Z', tone(many[2]!, -0.12), { light: 'flat' }) +
      each(31, (i) =>
        oval(320 + (i % 7) * 60, 520 + Math.floor(i / 7) * 62, [i === 17 ? 20 : 9], i === 17 ? many[0]! : '#4a453e', {
          light: 'flat',
        }),
      ) +
      line('M500,190L460,120H540Z', '#4a453e', 6),
  },
  {
    name: /tape|dispenser/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      form('M180,820Q170,640 300,600Q330,440 470,440Q610,440 640,590L830,700L810,820Z', main, { texture: 'speckle' }) +
      oval(470, 590, [128], '#e9dfc6') +
      oval(470, 590, [70], deep) +
      oval(470, 590, [34], '#d9d2c4'),
  },
  {
    name: /paper|block/i,
    how: 'lies',
    draw: ({ many }) =>
      move(
        box(-300, -230, [620, 470, 6], tone(paper, -0.07)) +
          box(-310, -240, [620, 470, 6], '#fbf8f0', { light: 'fall' }) +
          box(-310, -240, [620, 56, 6], '#8a6343', { light: 'flat' }) +
          clear(
            line('M-220,120Q-120,-90 -20,40T180,-40', '#3b3a3c', 7) + oval(150, -80, [44], many[1]!, { light: 'flat' }),
            0.85,
          ),
        500,
        500,
        -7,
      ) + move(pencil('#44709d'), 760, 560, 28),
  },
  {
    name: /sleeve/i,
    how: 'lies',
    draw: ({ main, deep }) =>
      move(
        box(-350, -250, [700, 500, 44], main, { texture: 'knit', light: 'fall' }) +
          form('M-350,-206Q-350,-250 -306,-250H306Q350,-250 350,-206V-60Q0,40 -350,-60Z', tone(main, -0.06), {
            texture: 'knit',
            light: 'fall',
          }) +
          box(-34, -40, [68, 100, 14], '#8f5a34', { light: 'fall' }) +
          oval(0, 30, [14], '#c9a24a') +
          line('M-326,-70Q0,26 326,-70', deep, 5, 'stroke-dasharray="14 10"'),
        500,
        500,
        -6,
      ),
  },
];
