import { tone } from './palette.js';
import { box, clear, each, form, line, move, oval, type Thing } from './svg.js';

const dark = '#2c2724';
const glassy = (d: string) => clear(form(d, '#d5e6e6'), 0.55) + line(d, '#ffffff', 5, 'opacity=".8"');

const tumbler = (tint: string) =>
  clear(form('M-70,-230L-58,0H58L70,-230Z', tint), 0.62) +
  form('M-66,-130L-58,0H58L66,-130Z', tint) +
  oval(0, -230, [70, 14], tone(tint, 0.15), { light: 'flat' });

const spoon = (color: string) =>
  form('M-11,-60L-16,330Q0,350 16,330L11,-60Z', color, { texture: 'grain' }) +
  oval(0, -130, [62, 88], color) +
  oval(4, -134, [44, 66], tone(color, -0.08));

export const kitchen: Thing[] = [
  {
    name: /bowl/i,
    how: 'stands',
    draw: ({ main, deep }) =>
      form('M170,520Q190,760 390,806H610Q810,760 830,520Z', main, { texture: 'speckle' }) +
      oval(500, 520, [330, 62], tone(main, 0.06)) +
      oval(500, 526, [300, 48], deep) +
      box(400, 800, [200, 22, 8], deep),
  },
  {
    name: /mug|cup/i,
    how: 'stands',
    draw: ({ main, material, deep }) =>
      line('M660,470C860,440 860,720 640,690', main, 46) +
      form('M320,400H680L664,770Q660,820 610,820H390Q340,820 336,770Z', main, { texture: 'speckle' }) +
      form('M337,776Q342,820 390,820H610Q658,820 663,776Z', material) +
      oval(500, 400, [180, 34], tone(main, 0.05)) +
      oval(500, 405, [158, 25], '#5b3a28', { light: 'flat' }) +
      line('M440,340q-26,-36 0,-72t0,-72M540,340q-26,-36 0,-72t0,-72', '#ffffff', 12, 'opacity=".5"') +
      line('M366,470L376,700', '#ffffff', 10, 'opacity=".35"') +
      box(336, 768, [328, 4], deep, { light: 'flat' }),
  },
  {
    name: /board/i,
    how: 'lies',
    draw: ({ wood }) =>
      move(
        box(-210, -330, [420, 660, 40], wood, { texture: 'grain', light: 'fall' }) +
          clear(
            each(40, (i) =>
              box(
                -200 + (i % 5) * 80,
                -320 + Math.floor(i / 5) * 80,
                [78, 78, 4],
                tone(wood, [0.05, -0.06, 0.01, -0.03][(i * 7) % 4]!),
                { light: 'flat' },
              ),
            ),
            0.75,
          ) +
          oval(0, -285, [26], tone(wood, -0.25), { light: 'flat' }),
        500,
        500,
        24,
      ),
  },
  {
    name: /chopper/i,
    how: 'lies',
    draw: ({ metal, wood }) =>
      form('M180,430Q500,780 820,430L780,400Q500,640 220,400Z', metal, { light: 'fall' }) +
      line('M196,452Q500,760 804,452', '#ffffff', 7, 'opacity=".7"') +
      [210, 790]
        .map(
          (x) =>
            box(x - 32, 230, [64, 190, 30], wood, { texture: 'grain' }) +
            box(x - 22, 400, [44, 30, 6], tone(metal, -0.1)),
        )
        .join(''),
  },
  {
    name: /saucepan|milk pot/i,
    how: 'stands',
    draw: ({ main, metal, deep }) =>
      line('M700,560L935,520', tone(metal, -0.12), 34) +
      form('M250,500H730V770Q730,820 680,820H300Q250,820 250,770Z', main) +
      form('M240,478H740V512H240Z', tone(main, 0.08)) +
      form('M240,478L205,500L252,512Z', main) +
      oval(490, 480, [250, 38], deep) +
      [0, 1].map((i) => oval(712, 556 + i * 26, [7], '#ffffff', { light: 'flat' })).join(''),
  },
  {
    name: /pan\b/i,
    how: 'lies',
    draw: ({ main, pale }) =>
      move(
        form('M-34,240L-26,560Q0,596 26,560L34,240Z', main) +
          oval(0, 532, [13], '#d9cfc0', { light: 'flat' }) +
          oval(0, 0, [290], main, { light: 'fall' }) +
          oval(0, 0, [250], tone(main, -0.06), { light: 'fall' }) +
          line('M-180,-110A212,212 0 0 1 40,-208', pale, 14, 'opacity=".35"'),
        430,
        420,
        -38,
      ),
  },
  {
    name: /apron/i,
    how: 'hangs',
    draw: ({ main, deep }) =>
      line('M400,260Q500,60 600,260', deep, 22) +
      form('M390,250H610Q620,420 760,470Q790,700 740,860H260Q210,700 240,470Q380,420 390,250Z', main, {
        texture: 'weave',
      }) +
      form('M345,600H655V740Q655,770 625,770H375Q345,770 345,740Z', tone(main, -0.04), {
        texture: 'weave',
        light: 'flat',
      }) +
      line('M345,604H655M500,604V768', deep, 5, 'stroke-dasharray="14 10"') +
      line('M244,480Q180,540 150,690M756,480Q820,540 850,690', deep, 18),
  },
  {
    name: /\bsalt|cellar|jar/i,
    how: 'stands',
    draw: ({ wood }) =>
      box(280, 540, [440, 280, 60], wood, { texture: 'grain' }) +
      box(262, 480, [476, 84, 36], tone(wood, -0.05), { texture: 'grain' }) +
      oval(500, 470, [40, 30], tone(wood, -0.12)) +
      line('M330,620V760', '#ffffff', 10, 'opacity=".3"'),
  },
  {
    name: /carafe|jug/i,
    how: 'stands',
    draw: () =>
      form('M375,640Q380,800 420,814H580Q620,800 625,640Q500,668 375,640Z', '#a9d0d8') +
      glassy('M430,200H570L560,420Q640,520 630,700Q626,820 570,820H430Q374,820 370,700Q360,520 440,420Z') +
      oval(500, 642, [128, 16], '#c8e4e8', { light: 'flat' }) +
      line('M412,560Q400,640 408,740', '#ffffff', 14, 'opacity=".8"') +
      oval(500, 200, [70, 13], '#eef7f7', { light: 'flat' }),
  },
  {
    name: /spoon|servers/i,
    how: 'lies',
    draw: ({ wood }) =>
      [-20, 2, 24]
        .map((angle, i) => move(spoon(tone(wood, [0, -0.05, 0.04][i]!)), 330 + i * 170, 430 + (i % 2) * 40, angle))
        .join(''),
  },
  {
    name: /tumbler|glass/i,
    how: 'stands',
    draw: ({ main }) =>
      [
        [260, 790, 0.95],
        [420, 820, 1.05],
        [590, 815, 1],
        [745, 795, 0.95],
      ]
        .map(([x, y, s]) => move(tumbler(main), x!, y!, 0, s))
        .join(''),
  },
  {
    name: /tea towel/i,
    how: 'hangs',
    draw: ({ main, pale, deep }) =>
      line('M170,250H830', '#a97b4f', 26) +
      form('M280,240H560V700L540,716L280,700Z', pale, { texture: 'weave' }) +
      form('M280,240H560V700H280Z', main, { texture: 'check' }) +
      form('M520,240H740V560H520Z', tone(main, 0.3, 0.4), { texture: 'weave' }) +
      line('M520,500H740M520,530H740', deep, 12, 'opacity=".7"'),
  },
  {
    name: /mortar/i,
    how: 'stands',
    draw: ({ main }) =>
      move(
        form('M-34,-330Q0,-366 34,-330L46,20Q0,70 -46,20Z', tone(main, 0.08), { texture: 'speckle' }),
        610,
        470,
        28,
      ) +
      form('M230,500H770Q760,720 640,770L660,820H340L360,770Q240,720 230,500Z', main, { texture: 'speckle' }) +
      oval(500, 500, [270, 48], tone(main, 0.1)) +
      form('M245,508Q500,590 755,508Q740,548 500,550Q260,548 245,508Z', tone(main, -0.1), { light: 'flat' }),
  },
  {
    name: /knife|opener/i,
    how: 'lies',
    draw: ({ wood, main }) =>
      move(
        form('M-40,-380Q30,-340 36,-120L34,40H-34Q-52,-200 -40,-380Z', tone(wood, 0.1), { texture: 'grain' }) +
          form('M-34,30H34L30,380Q0,410 -30,380Z', main, { texture: 'grain' }) +
          oval(0, 350, [10], dark, { light: 'flat' }),
        500,
        500,
        36,
        1.1,
      ),
  },
];
