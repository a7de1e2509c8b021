import { type FlagValues, flag } from './flags.ts'

/** Everything that `promontory deadman` takes. */
export const deadmanFlags = {
  'config.file': flag.text({ default: 'deadman.yml', help: 'Configuration file.', placeholder: 'PATH' }),
  'storage.path': flag.text({
    default: 'deadman-data/',
    help: 'Directory of what must outlast a restart: who was heard when, and who was told. One process at a time.',
    placeholder: 'DIR',
  }),
  'web.listen-address': flag.texts({ default: [':9096'], help: 'Address to listen on. May be repeated.', placeholder: 'HOST:PORT' }),
  'web.config.file': flag.text({ default: '', help: 'File that turns on TLS and authentication.', placeholder: 'PATH' }),
  'web.external-url': flag.text({
    default: '',
    help: 'URL under which this is reached from elsewhere, or its path: for links in notifications.',
    placeholder: 'URL',
  }),
  'web.route-prefix': flag.text({
    default: '',
    help: 'In front of every path; default: the path of the external URL.',
    placeholder: 'PATH',
  }),
  'log.level': flag.choice(['debug', 'info', 'warn', 'error'], { default: 'info', help: 'Least severity of log lines.' }),
  'log.format': flag.choice(['logfmt', 'json'], { default: 'logfmt', help: 'Form of log lines.' }),
}

export type DeadmanFlagValues = FlagValues<typeof deadmanFlags>
