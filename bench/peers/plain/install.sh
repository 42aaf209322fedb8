#!/bin/sh
exec "$(dirname "$0")/../npm-install.sh" plain
