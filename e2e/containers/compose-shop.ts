// The shop of docker-compose.yml under a name and a port of its own, so that it disturbs no other.
import { join } from 'node:path';
import { freePort } from '@shop/tools/ports';
import { run } from '@shop/tools/processes';

const root = join(import.meta.dirname, '../..');

export class ComposeShop {
  readonly url: string;
  private readonly env: NodeJS.ProcessEnv;

  private constructor(
    readonly project: string,
    port: number,
    settings: NodeJS.ProcessEnv,
  ) {
    this.url = `http://127.0.0.1:${port}`;
    const ours = { SHOP_PORT: String(port), RATE_LIMITS: 'off', SEED_IMAGES: 'off', NODE_ENV: '' };
    this.env = { ...process.env, ...ours, ...settings };
  }

  static async create(project: string, settings: NodeJS.ProcessEnv = {}): Promise<ComposeShop> {
    return new ComposeShop(project, await freePort(), settings);
  }

  /** Starts what is not running, and waits until all of it is healthy. */
  up(...options: string[]): Promise<string> {
    return this.compose('up', '--wait', '--wait-timeout', '150', ...options);
  }

  async compose(...args: string[]): Promise<string> {
    const { code, output } = await this.tryCompose(...args);
    if (code !== 0) throw new Error(`docker compose ${args.join(' ')}: ${output}`);
    return output;
  }

  tryCompose(...args: string[]): Promise<{ code: number; output: string }> {
    return run(['docker', 'compose', '-p', this.project, '-f', join(root, 'docker-compose.yml'), ...args], {
      cwd: root,
      env: this.env,
    });
  }

  /** Names of the containers of a service. */
  async containersOf(service: string): Promise<string[]> {
    return (await this.compose('ps', '--format', '{{.Name}}', service)).trim().split('\n').sort();
  }

  /** Runs a line of JavaScript in a container; no image has a shell to rely on. */
  async inside(container: string, script: string): Promise<string> {
    const { output } = await run(['docker', 'exec', container, 'node', '--input-type=module', '-e', script]);
    return output.trim();
  }

  /** The sum of a counter of Prometheus over its labels. */
  async counted(container: string, counter: string): Promise<number> {
    const text = await this.inside(
      container,
      `process.stdout.write(await (await fetch('http://127.0.0.1:9100/metrics')).text())`,
    );
    const lines = text.split('\n').filter((line) => line.startsWith(`${counter}{`));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }
}

export async function docker(...args: string[]): Promise<string> {
  const { code, output } = await run(['docker', ...args]);
  if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${output}`);
  return output.trim();
}
