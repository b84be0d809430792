// The shop of docker-compose.yml under its own project name and port.
import { join } from 'node:path';
import { freePort } from '@shop/tools/ports';
import { run } from '@shop/tools/processes';
import { ShopAt } from './shop.js';

const root = join(import.meta.dirname, '..');

export class ComposeShop extends ShopAt {
  private readonly env: NodeJS.ProcessEnv;

  private constructor(
    readonly project: string,
    port: number,
    settings: NodeJS.ProcessEnv,
  ) {
    super(`http://127.0.0.1:${port}`);
    const ours = { SHOP_PORT: String(port), RATE_LIMITS: 'off', SEED_IMAGES: 'off', NODE_ENV: '' };
    this.env = { ...process.env, ...ours, ...settings };
  }

  static async create(project: string, settings: NodeJS.ProcessEnv = {}): Promise<ComposeShop> {
    return new ComposeShop(project, await freePort(), settings);
  }

  /** Starts all containers that do not run, and waits until they are healthy. */
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

  /** Runs JavaScript in a container, because not every image has a shell. */
  async inside(container: string, script: string): Promise<string> {
    const { output } = await run(['docker', 'exec', container, 'node', '--input-type=module', '-e', script]);
    return output.trim();
  }

  /** The sum of a Prometheus counter over its labels. */
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
