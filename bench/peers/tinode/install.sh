#!/bin/sh
exec "$(dirname "$0")/../go-install.sh" tinode github.com/tinode/chat@v0.22.13 \
  ./server:tinode ./tinode-db:tinode-db -- -tags postgres -ldflags '-X main.buildstamp=v0.22.13'
