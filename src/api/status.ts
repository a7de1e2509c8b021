import type { Answer } from '../base/http-answer.ts'
import { formatRfc3339 } from '../base/rfc3339.ts'
import type { ApiDeps } from './deps.ts'
import { dataAnswer } from './json/envelope.ts'
import type { BuildInfoData, ConfigData, FlagsData, RuntimeInfoData } from './types/status.ts'

export function configStatus(deps: ApiDeps): Answer {
  const data: ConfigData = { yaml: deps.config() }
  return dataAnswer(data)
}

export function flagsStatus(deps: ApiDeps): Answer {
  const data: FlagsData = Object.fromEntries(Object.entries(deps.flags()).sort(([a], [b]) => (a < b ? -1 : 1)))
  return dataAnswer(data)
}

export function buildStatus(deps: ApiDeps): Answer {
  return dataAnswer(buildInfo(deps))
}

/** In upstream's order of fields. */
export function buildInfo({ build }: ApiDeps): BuildInfoData {
  const { version, revision, branch, buildUser, buildDate, goVersion } = build
  return { version, revision, branch, buildUser, buildDate, goVersion }
}

export async function runtimeStatus(deps: ApiDeps): Promise<Answer> {
  const info = await deps.runtimeInfo()
  const data: RuntimeInfoData = {
    startTime: formatRfc3339(info.startTime),
    CWD: info.workingDirectory,
    hostname: info.hostname,
    serverTime: formatRfc3339(deps.env.clock.now()),
    reloadConfigSuccess: info.reloadConfigSuccess,
    lastConfigTime: formatRfc3339(info.lastConfigTime),
    corruptionCount: info.corruptionCount,
    goroutineCount: 0,
    GOMAXPROCS: info.cpuCount,
    GOMEMLIMIT: info.memoryLimitBytes,
    GOGC: '',
    GODEBUG: '',
    storageRetention: info.storageRetention,
  }
  return dataAnswer(data)
}
