#!/usr/bin/env bash
# Sets this machine up for LmGateway: LM Studio, its program lms, a NATS server with JetStream, .env, and two launchers.
#   scripts/setup_unix.sh [--dry-run] [--dir FOLDER] [--program FILE] [--lmstudio-port N] [--nats-port N]
#   --dry-run        says what would be done, and does nothing
#   --dir            where nats-server.conf, .env, nats_data and bin/ are written (this repository by default)
#   --program        an lmgateway that is built already; otherwise it is built from this repository
# Safe to run again: what is there stays as it is. What is missing and cannot be installed is named at the end.
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:/usr/local/sbin:/usr/sbin      # Debian's place of nats-server
folder=$repository program='' lmstudio_port=1234 nats_port=4222 dry_run=false missing=()

while [ $# -gt 0 ]; do
  case "$1" in
    --dry-run) dry_run=true; shift; continue ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --dir | --program | --lmstudio-port | --nats-port) [ $# -ge 2 ] || { echo "setup: $1 needs a value" >&2; exit 2; } ;;
    *) echo "setup: unknown argument '$1'; see --help" >&2; exit 2 ;;
  esac
  case "$1" in
    --dir) folder=$2 ;;
    --program) program=$2 ;;
    --lmstudio-port) lmstudio_port=$2 ;;
    --nats-port) nats_port=$2 ;;
  esac
  shift 2
done

say() { printf '%s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Runs a command, or only says it with --dry-run.
run() {
  say "  + $*"
  $dry_run || "$@"
}

# Writes standard input to a file that is not there yet.
write() {
  if [ -e "$1" ]; then say "  $1 is there already and stays as it is"; cat >/dev/null; return; fi
  say "  writes $1"
  if $dry_run; then cat >/dev/null; else mkdir -p "$(dirname "$1")" && cat >"$1"; fi
}

install_lm_studio() {
  say "LM Studio"
  if have lms || [ -x "$HOME/.lmstudio/bin/lms" ] || [ -d /Applications/LM\ Studio.app ]; then say "  is there"; return; fi
  if [ "$(uname)" = Darwin ] && have brew; then run brew install --cask lm-studio; return; fi
  missing+=("LM Studio: download it from https://lmstudio.ai, start it once, then run this script again")
}

bootstrap_lms() {
  say "The program lms"
  if have lms; then say "  is there"; return; fi
  PATH=$HOME/.lmstudio/bin:$PATH
  if ! have lms; then missing+=("lms: it comes with LM Studio, which has to be started once"); return; fi
  run "$HOME/.lmstudio/bin/lms" bootstrap -y || missing+=("lms on your PATH: 'lms bootstrap' failed; add $HOME/.lmstudio/bin to PATH")
}

start_lm_studio() {
  say "LM Studio's server on port $lmstudio_port"
  if answers "$lmstudio_port"; then say "  answers already"; return; fi
  if ! have lms; then missing+=("LM Studio's server: start it with 'lms server start --port $lmstudio_port' once lms is there"); return; fi
  # Present versions of lms come back by themselves and have no --background.
  run lms server start --port "$lmstudio_port" --background || run lms server start --port "$lmstudio_port" ||
    missing+=("LM Studio's server: 'lms server start --port $lmstudio_port' failed; start it in LM Studio, under Developer")
}

install_nats() {
  say "nats-server"
  if have nats-server; then say "  is there"; return; fi
  if have brew; then run brew install nats-server
  elif have apt-get && [ "$(id -u)" = 0 ]; then run apt-get update -qq && run apt-get install -y -qq nats-server
  elif have apt-get && have sudo; then run sudo apt-get update -qq && run sudo apt-get install -y -qq nats-server
  else missing+=("nats-server: install it from https://nats.io/download"); fi
}

configure_nats() {
  say "NATS with JetStream on port $nats_port"
  write "$folder/nats-server.conf" <<EOF
port: $nats_port

jetstream {
  store_dir: "./nats_data"
  max_memory_store: 1073741824   # 1 GiB
  max_file_store:   107374182400 # 100 GiB
}
EOF
}

start_nats() {
  if answers "$nats_port"; then say "  answers already"; return; fi
  if $dry_run; then say "  + nats-server -c nats-server.conf, in the background, in $folder"; return; fi
  have nats-server || return 0
  (
    cd "$folder"
    nohup nats-server -c nats-server.conf -P "$folder/nats-server.pid" >nats-server.log 2>&1 </dev/null &
  )
  for _ in $(seq 100); do
    if answers "$nats_port"; then say "  started; it writes nats-server.log and nats-server.pid"; return; fi
    sleep 0.1
  done
  missing+=("nats-server: it does not answer on port $nats_port; $folder/nats-server.log says why")
}

write_env() {
  say "Settings"
  write "$folder/.env" <<EOF
NATS_URL=nats://127.0.0.1:$nats_port
LMSTUDIO_BASE_URL=http://127.0.0.1:$lmstudio_port
# LMSTUDIO_MODELS_DIR=\$HOME/.lmstudio/models
EOF
}

build_program() {
  say "The program lmgateway"
  if [ -n "$program" ]; then say "  $program"; return; fi
  program=$folder/bin/lmgateway.d/lmgateway
  if (cd "$repository" && dotnet --version >/dev/null 2>&1); then run dotnet publish "$repository/src/LmGateway" -c Release -o "$folder/bin/lmgateway.d" -v quiet --nologo
  else missing+=("the .NET 10 SDK: with it this script builds lmgateway. Get it from https://dot.net, or name a built one with --program"); fi
}

# A launcher reads the .env of the folder and runs the program with its own arguments.
write_launcher() {
  write "$folder/bin/$1" <<EOF
#!/bin/sh
# $2
cd "$folder" && exec "$program" serve ${3-}"\$@"
EOF
  $dry_run || chmod +x "$folder/bin/$1"
}

$dry_run || mkdir -p "$folder"
install_lm_studio
bootstrap_lms
start_lm_studio
install_nats
configure_nats
start_nats
write_env
build_program
write_launcher lmstudio-nats "LmGateway on NATS alone, without HTTP." "--set listen.http=false "
write_launcher inference-server "LmGateway on HTTP and, where it is configured, on NATS."

if [ ${#missing[@]} -gt 0 ]; then
  printf '\nStill missing:\n'
  printf '  - %s\n' "${missing[@]}"
else
  printf '\nAll is there.\n'
fi
say "Start the service with $folder/bin/lmstudio-nats or $folder/bin/inference-server."
