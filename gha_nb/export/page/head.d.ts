/** A frame of a clip. Coefficients by name, or all in the head's order; pose and torso: rotation vector (radians), translation (world). */
export interface Frame { expression?: Record<string, number> | number[]; pose?: number[]; torso?: number[] }
/** `clock` answers with the seconds since the clip's beginning, where a sound leads; `sound` is an address, which the page plays. */
export interface Clip { fps?: number; frames: Frame[]; loop?: boolean; clock?: () => number; sound?: string }
export interface About {
  points: number; bases: number; expression_names: string[]; expression_range: [number[], number[]]; frozen: string[];
  neutral_expression: number[]; neutral_pose: number[]; neutral_scale: number; neutral_torso: number[];
  background: number[]; resolution: [number, number]; consent: string | null; version: number;
}
export interface Options {
  /** where the camera starts: radians around the head, and head units from its middle */
  turn?: number; lift?: number; distance?: number;
  /** milliseconds that a frame of a clip may take before fewer Gaussians are drawn */
  slow?: number;
  onframe?: (head: Head) => void;
}
export interface Head {
  readonly about: About;
  readonly frame: Required<Frame>;
  readonly playing: boolean;
  /** coefficients by name, clamped to the range of the training; answers with names that the head does not have */
  set(values: Record<string, number>): string[];
  /** nod, turn and tilt of the head, radians from neutral */
  turnHead(nod?: number, turn?: number, tilt?: number): void;
  /** a tracked face: coefficients by name; turn (9 numbers by rows) and shift (metres) since neutral, in the axes of the neutral head */
  follow(values: Record<string, number>, turn: number[], shift?: number[]): string[];
  reset(): void;
  front(): void;
  play(clip: Clip): void;
  stop(): void;
  background(rgb: [number, number, number]): void;
  draw(): void;
  destroy(): void;
}
/** Show a baked avatar in a canvas. Throws an Error with words for people: no WebGL2, a damaged, foreign or newer file. */
export function mountHead(canvas: HTMLCanvasElement, source: string | ArrayBuffer, options?: Options): Promise<Head>;
export function readBaked(buffer: ArrayBuffer): About;
