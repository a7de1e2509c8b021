import { parseNumber } from '../collector.ts'
import type { HostFiles } from '../host-files.ts'
import { formatLabels, type Page } from '../page.ts'

interface Counter {
  readonly path: string
  readonly labels: string
}

const ROOT = 'devices/system/cpu'

/**
 * How often processors were slowed down because of heat. Which files say so is found out once and again when a processor
 * comes or goes: a large host has hundreds, and most (every virtual machine) have none.
 */
export class CpuThrottles {
  #known = ''
  #cores: readonly Counter[] = []
  #packages: readonly Counter[] = []

  async write(page: Page, files: HostFiles): Promise<void> {
    const cpus = (await files.sysDir(ROOT)).filter((name) => /^cpu\d+$/.test(name))
    if (cpus.join() !== this.#known) await this.#find(files, cpus)
    await writeCounters(page, files, 'node_cpu_core_throttles_total', 'Times that a core was slowed down because of heat.', this.#cores)
    await writeCounters(
      page,
      files,
      'node_cpu_package_throttles_total',
      'Times that a package was slowed down because of heat.',
      this.#packages,
    )
  }

  /** One file for each core and each package, though each of its hardware threads has one. */
  async #find(files: HostFiles, cpus: readonly string[]): Promise<void> {
    const cores = new Map<string, Counter>()
    const packages = new Map<string, Counter>()
    await Promise.all(
      cpus.map(async (cpu) => {
        const has = await files.sysDir(`${ROOT}/${cpu}/thermal_throttle`)
        if (has.length === 0) return
        const [packageText, coreText] = await Promise.all(
          ['physical_package_id', 'core_id'].map((name) => files.sysIfAny(`${ROOT}/${cpu}/topology/${name}`)),
        )
        if (packageText === undefined || coreText === undefined) return
        const place = { package: packageText.trim(), core: coreText.trim() }
        const counter = (name: string, labels: Readonly<Record<string, string>>) => ({
          path: `${ROOT}/${cpu}/thermal_throttle/${name}`,
          labels: formatLabels(labels),
        })
        const coreKey = `${place.package}/${place.core}`
        if (has.includes('core_throttle_count') && !cores.has(coreKey)) cores.set(coreKey, counter('core_throttle_count', place))
        if (has.includes('package_throttle_count') && !packages.has(place.package)) {
          packages.set(place.package, counter('package_throttle_count', { package: place.package }))
        }
      }),
    )
    this.#cores = [...cores.values()]
    this.#packages = [...packages.values()]
    this.#known = cpus.join()
  }
}

async function writeCounters(page: Page, files: HostFiles, name: string, help: string, counters: readonly Counter[]): Promise<void> {
  const texts = await Promise.all(counters.map(({ path }) => files.sysIfAny(path)))
  if (texts.every((text) => text === undefined)) return
  page.family(name, 'counter', help)
  for (const [index, text] of texts.entries()) {
    if (text !== undefined) page.sample(parseNumber(text, counters[index].path), counters[index].labels)
  }
}
