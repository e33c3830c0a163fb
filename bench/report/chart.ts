import type { Spread } from '../statistics.ts';

/** One bar, and the text behind it. */
export interface Bar {
  readonly label: string;
  readonly value: Spread;
  /** Such as a ratio. */
  readonly remark: string;
  /** Whether it is what the chart is about; the others are what it is measured by. */
  readonly isMain: boolean;
  /** What the value should reach. */
  readonly target: number | null;
}

/** Bars that share a scale. */
export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const width = 760;
const margin = 24;
const labelWidth = 250;
const remarkWidth = 192;
const barsAt = margin + labelWidth;
const barsWidth = width - margin - remarkWidth - barsAt;
const titleHeight = 34;
const rowHeight = 28;
const barHeight = 16;
const groupGap = 14;
const headHeight = 56;

/** Readable in light and dark; the colours keep a contrast of 3:1 to the ground, the text one of 4.5:1. */
const style = `
  :root { color-scheme: light dark; }
  .ground { fill: #ffffff; }
  .title { fill: #16202b; font-size: 16px; font-weight: 600; }
  .unit, .remark { fill: #55606d; font-size: 12px; }
  .group { fill: #16202b; font-size: 13px; font-weight: 600; }
  .label { fill: #2b3642; font-size: 13px; }
  .value { fill: #16202b; font-size: 12px; font-weight: 600; }
  .main { fill: #1769c4; }
  .other { fill: #8593a3; }
  .track { fill: #eef1f4; }
  .range { stroke: #16202b; stroke-width: 1.5; }
  .target { stroke: #b4232f; stroke-width: 2; stroke-dasharray: 3 2; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; }
    .title, .group, .value { fill: #e8edf2; }
    .label { fill: #c6d0da; }
    .unit, .remark { fill: #98a4b1; }
    .main { fill: #4c9bf5; }
    .other { fill: #6c7885; }
    .track { fill: #1a212a; }
    .range { stroke: #e8edf2; }
    .target { stroke: #ff7b82; }
  }
`;

/** A chart of horizontal bars as SVG, each with the range of its rounds. */
export function barChart(title: string, unit: string, groups: readonly BarGroup[]): string {
  const blocks: string[] = [];
  let top = headHeight;
  for (const group of groups) {
    blocks.push(groupBlock(group, top));
    top += titleHeight + group.bars.length * rowHeight + groupGap;
  }
  const hasTarget = groups.some(({ bars }) => bars.some(({ target }) => target !== null));
  const height = top - groupGap + margin;
  const description = groups
    .map(({ title, bars }) => `${title}: ${bars.map((bar) => `${bar.label} ${whole(bar.value.median)}`).join(', ')}.`)
    .join(' ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif">`,
    `<title id="title">${escape(`${title}: ${unit}`)}</title>`,
    `<desc id="description">${escape(description)}</desc>`,
    `<style>${style}</style>`,
    `<rect class="ground" width="${width}" height="${height}" rx="8"/>`,
    text('title', margin, 34, title),
    text('unit', width - margin, 34, `${unit} · × of the grey bar above${hasTarget ? ' · dashed: target' : ''}`, 'end'),
    ...blocks,
    '</svg>',
    '',
  ].join('\n');
}

function groupBlock({ title, bars }: BarGroup, top: number): string {
  const scaleMax = Math.max(...bars.map(({ value, target }) => Math.max(value.max, target ?? 0)));
  const scale = (value: number): number => round((value / scaleMax) * barsWidth);
  const rows = bars.map(({ label, value, remark, isMain, target }, row) => {
    const y = top + titleHeight + row * rowHeight;
    const middle = y + barHeight / 2;
    const [from, to] = [barsAt + scale(value.min), barsAt + scale(value.max)];
    return [
      text('label', margin, y + 12.5, label),
      `<rect class="track" x="${barsAt}" y="${y}" width="${barsWidth}" height="${barHeight}" rx="3"/>`,
      `<rect class="${isMain ? 'main' : 'other'}" x="${barsAt}" y="${y}" width="${scale(value.median)}" height="${barHeight}" rx="3"/>`,
      `<path class="range" d="M${from} ${middle - 4}v8M${from} ${middle}H${to}M${to} ${middle - 4}v8" fill="none"/>`,
      target === null ? '' : `<path class="target" d="M${barsAt + scale(target)} ${y - 4}v${barHeight + 8}"/>`,
      text('value', barsAt + barsWidth + 62, y + 12.5, whole(value.median), 'end'),
      text('remark', barsAt + barsWidth + 76, y + 12.5, remark),
    ].join('');
  });
  return [text('group', margin, top + 16, title), ...rows].join('\n');
}

function text(name: string, x: number, y: number, content: string, anchor: 'start' | 'end' = 'start'): string {
  const end = anchor === 'end' ? ' text-anchor="end"' : '';
  return `<text class="${name}" x="${x}" y="${y}"${end}>${escape(content)}</text>`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
