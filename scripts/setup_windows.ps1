# Sets this machine up for LmGateway: LM Studio, its program lms, a NATS server with JetStream, .env, and two launchers.
#   scripts\setup_windows.ps1 [-DryRun] [-Dir FOLDER] [-Program FILE] [-LmStudioPort N] [-NatsPort N]
# Step by step the same as setup_unix.sh. Safe to run again: what is there stays as it is; what is missing is named at the end.
param([switch]$DryRun, [string]$Dir = (Split-Path $PSScriptRoot), [string]$Program = '', [int]$LmStudioPort = 1234, [int]$NatsPort = 4222)
$ErrorActionPreference = 'Stop'
$repository = Split-Path $PSScriptRoot
$missing = @()

function Have($name) { [bool](Get-Command $name -ErrorAction SilentlyContinue) }

function Answers($port) {
  $client = New-Object Net.Sockets.TcpClient
  try { $client.Connect('127.0.0.1', $port); $true } catch { $false } finally { $client.Close() }
}

# Runs a command, or only says it with -DryRun; false where it failed.
function Run($command, [string[]]$arguments) {
  Write-Host "  + $command $arguments"
  if ($DryRun) { return $true }
  & $command @arguments | Out-Host
  $LASTEXITCODE -eq 0
}

# Writes a file that is not there yet.
function Write-New($path, $text) {
  if (Test-Path $path) { Write-Host "  $path is there already and stays as it is"; return }
  Write-Host "  writes $path"
  if ($DryRun) { return }
  New-Item -ItemType Directory -Force (Split-Path $path) | Out-Null
  [IO.File]::WriteAllText($path, $text)
}

if (-not $DryRun) { New-Item -ItemType Directory -Force $Dir | Out-Null }

Write-Host 'LM Studio'
$lms = "$env:USERPROFILE\.lmstudio\bin\lms.exe"
if ((Have 'lms') -or (Test-Path $lms)) { Write-Host '  is there' }
elseif (Have 'winget') {
  if (-not (Run 'winget' @('install', '-e', '--id', 'ElementLabs.LMStudio', '--accept-source-agreements', '--accept-package-agreements'))) {
    $missing += 'LM Studio: winget could not install it; see https://lmstudio.ai'
  }
}
else { $missing += 'LM Studio: download it from https://lmstudio.ai, start it once, then run this script again' }

Write-Host 'The program lms'
if (Have 'lms') { Write-Host '  is there' }
else {
  $env:PATH = "$env:USERPROFILE\.lmstudio\bin;$env:PATH"
  if (-not (Have 'lms')) { $missing += 'lms: it comes with LM Studio, which has to be started once' }
  elseif (-not (Run $lms @('bootstrap', '-y'))) { $missing += "lms on your PATH: 'lms bootstrap' failed; add $env:USERPROFILE\.lmstudio\bin to PATH" }
}

Write-Host "LM Studio's server on port $LmStudioPort"
if (Answers $LmStudioPort) { Write-Host '  answers already' }
elseif (-not (Have 'lms')) { $missing += "LM Studio's server: start it with 'lms server start --port $LmStudioPort' once lms is there" }
# Present versions of lms come back by themselves and have no --background.
elseif (-not ((Run 'lms' @('server', 'start', '--port', "$LmStudioPort", '--background')) -or (Run 'lms' @('server', 'start', '--port', "$LmStudioPort")))) {
  $missing += "LM Studio's server: 'lms server start --port $LmStudioPort' failed; start it in LM Studio, under Developer"
}

Write-Host 'nats-server'
if (Have 'nats-server') { Write-Host '  is there' }
elseif (Have 'choco') {
  if (-not (Run 'choco' @('install', 'nats-server', '-y'))) { $missing += 'nats-server: choco could not install it; see https://nats.io/download' }
}
else { $missing += 'nats-server: install it from https://nats.io/download' }

Write-Host "NATS with JetStream on port $NatsPort"
Write-New "$Dir\nats-server.conf" @"
port: $NatsPort

jetstream {
  store_dir: "./nats_data"
  max_memory_store: 1073741824
  max_file_store:   107374182400
}
"@
if (Answers $NatsPort) { Write-Host '  answers already' }
elseif ($DryRun -or (Have 'nats-server')) {
  Write-Host "  + nats-server -c nats-server.conf, minimized, in $Dir"
  if (-not $DryRun) { Start-Process 'nats-server' -ArgumentList '-c', 'nats-server.conf' -WorkingDirectory $Dir -WindowStyle Minimized }
}

Write-Host 'Settings'
Write-New "$Dir\.env" @"
NATS_URL=nats://127.0.0.1:$NatsPort
LMSTUDIO_BASE_URL=http://127.0.0.1:$LmStudioPort
# LMSTUDIO_MODELS_DIR=%USERPROFILE%\.lmstudio\models
"@

Write-Host 'The program lmgateway'
if ($Program) { Write-Host "  $Program" }
else {
  $Program = "$Dir\bin\lmgateway.d\lmgateway.exe"
  if (-not (Have 'dotnet')) { $missing += 'the .NET 10 SDK: with it this script builds lmgateway' }
  elseif (-not (Run 'dotnet' @('publish', "$repository\src\LmGateway", '-c', 'Release', '-o', "$Dir\bin\lmgateway.d", '-v', 'quiet', '--nologo'))) {
    $missing += 'lmgateway: it could not be built'
  }
}
Write-New "$Dir\bin\lmstudio-nats.cmd" "@rem LmGateway on NATS alone, without HTTP.`r`n@cd /d `"$Dir`" && `"$Program`" serve --set listen.http=false %*`r`n"
Write-New "$Dir\bin\inference-server.cmd" "@rem LmGateway on HTTP and, where it is configured, on NATS.`r`n@cd /d `"$Dir`" && `"$Program`" serve %*`r`n"

if ($missing) { Write-Host "`nStill missing:"; $missing | ForEach-Object { Write-Host "  - $_" } }
else { Write-Host "`nAll is there." }
Write-Host "Start the service with $Dir\bin\lmstudio-nats or $Dir\bin\inference-server."
