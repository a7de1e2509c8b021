import { flag } from '../config/flags.ts'

export const upFlags = {
  data: flag.text({
    default: './data',
    help: 'Directory of all data of the fleet; made when it is not there.',
    placeholder: 'DIR',
    required: true,
  }),
  listen: flag.texts({
    default: [],
    help: 'Where the instance of that name (exporter, a, b) listens, such as a=127.0.0.1:9090. May be repeated. By default 127.0.0.1 and the first free port from 9100, 9090 and 9091.',
    placeholder: 'NAME=HOST:PORT',
  }),
  'stop-grace': flag.duration({ default: 15_000, help: 'How long an instance may take to stop before it is killed.' }),
  'log.level': flag.choice(['debug', 'info', 'warn', 'error'], {
    default: 'warn',
    help: 'Least severity of the log lines of the instances, which are shown with the name of theirs.',
  }),
}
