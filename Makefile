# Rvirt: everything a person does by hand. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Settings go to Rvirt.Tool in the environment, as they were typed and unchanged by make or any shell, with the names of those that were;
# Rvirt.Tool/Commands/MakeTargets.cs lists them. No recipe below puts a setting into a shell's words unless it has been judged.
export RVIRT_SETTINGS := $(strip $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name))))
export RVIRT_GOALS := $(MAKECMDGOALS)
$(foreach name,$(RVIRT_SETTINGS),$(eval override export $$(name) := $$(value $$(name))))
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

override configuration := Release
override images := artifacts/images
override tool := dotnet Rvirt.Tool/bin/$(configuration)/net10.0/Rvirt.Tool.dll

# Asking MSBuild whether anything changed takes a second and a half, and NuGet's restore one. find tells as well: a record is as old as what it
# was made of was read, and a folder is newer than it once a file came or went: what a build makes in one is there before.
override projects := Directory.* global.json $(wildcard */*.csproj)
override tool_record := Rvirt.Tool/obj/built
# The boards whose images a target needs: make qemu and the like need one board's.
override boards_virt := Rvirt.Platform.Qemu
override boards_unleashed := Rvirt.Platform.Unleashed
override boards_generic := Rvirt.Platform.Generic
override boards := $(or $(boards_$(BOARD)),$(if $(filter image test release,$(MAKECMDGOALS)),$(boards_virt) $(boards_unleashed) $(boards_generic),$(if $(filter fit sdcard,$(MAKECMDGOALS)),$(boards_unleashed),$(boards_virt))))
override need_sdk := command -v dotnet >/dev/null || { echo 'Rvirt needs the .NET 10 SDK: no dotnet command here' >&2; exit 1; }
override newer = [ -n "$$(find $(2) \( -name bin -o -name obj \) -prune -o -newer $(1) -print -quit 2>&1)" ]

# These do not begin with a program that could judge settings.
ifeq ($(filter-out help clean tool,$(or $(MAKECMDGOALS),help)),)
$(if $(RVIRT_SETTINGS),$(error make $(or $(MAKECMDGOALS),help) has no settings, and so no $(RVIRT_SETTINGS)))
endif

.PHONY: help tool judge qemu qemu-gdb fit sdcard gdb ssh image guest newest firmware test lockstep stress bench setup clean

help:
	@echo 'make qemu      build the hypervisor and a Debian guest, and boot it on QEMU; then: ssh -p 10001 root@localhost'
	@echo '    BOARD=virt|unleashed  the board that QEMU is (default virt)'
	@echo '    FIRMWARE=stub|sbi   Rvirt with its own machine-mode part, or above OpenSBI (default stub)'
	@echo '    GUESTS=1..4         that many guests, each with a disk, a network (default 1); SSH ports 10001, 10002, ...'
	@echo '    VCPUS=1..8          harts of each guest, each with one of the machine (default 1)'
	@echo '    SUITE=trixie|forky|sid  the suite of Debian that the guest is made of (default trixie)'
	@echo '    KERNEL=FILE         your own kernel or other S-mode payload: an ELF or a flat Image (default: the Debian guest)'
	@echo '    INITRD=FILE         its initial RAM disk (default: that of the Debian guest, or none where KERNEL is given)'
	@echo '    APPEND="..."        its command line (default console=ttyS0)'
	@echo '    DISK=FILE           a raw disk for the first guest (default: a copy of the built root disk)'
	@echo '    MEMORY=512M         RAM of each guest (default 512M)'
	@echo '    NATIVE=1            the same guest straight on QEMU, without Rvirt (default 0)'
	@echo '    SSH_PORT=10001      port of the first guest on 127.0.0.1 (default 10001)'
	@echo '    QEMU_EXTRA="..."    further options of QEMU (default: none)'
	@echo 'make ssh       log in to a running guest, or run a command there'
	@echo '    GUEST=0..3          which guest (default 0)'
	@echo '    SSH_PORT=10001      port of the first guest (default 10001)'
	@echo '    CMD="..."           the command (default: a login)'
	@echo 'make debian    build a whole Debian with systemd and apt (once, for some minutes), and boot it on QEMU; its disk, artifacts/run/debian0.img, stays'
	@echo '    FIRMWARE=stub|sbi   Rvirt with its own machine-mode part, or above OpenSBI (default stub)'
	@echo '    GUESTS=1..4         that many guests, each with a disk, a network (default 1); SSH ports 10001, 10002, ...'
	@echo '    VCPUS=1..8          harts of each guest, each with one of the machine (default 1)'
	@echo '    APPEND="..."        its command line (default console=ttyS0)'
	@echo '    MEMORY=1G           RAM of each guest (default 1G)'
	@echo '    NATIVE=1            without Rvirt (default 0)'
	@echo '    SSH_PORT=10001      port of the first guest on 127.0.0.1 (default 10001)'
	@echo '    QEMU_EXTRA="..."    further options of QEMU (default: none)'
	@echo 'make debian-test  boot that Debian until systemd says that it runs, install a package, boot it again, and compare with QEMU without Rvirt'
	@echo '    FIRMWARE=stub|resident|sbi  what is below it: Rvirt alone, the same with resident guests, or with OpenSBI (default stub)'
	@echo '    VCPUS=1..8          its harts (default 1)'
	@echo '    MEMORY=1G           its RAM (default 1G)'
	@echo '    RUNS=1..100         boots with Rvirt and without, one after the other, for their times (default 1)'
	@echo 'make qemu-gdb  like make qemu, with its settings, stopped at the first instruction until a debugger connects'
	@echo '    GDB_PORT=1234       where it connects (default 1234)'
	@echo 'make gdb       that debugger, in another terminal: gdb-multiarch with the hypervisor in C# (docs/debugging.md)'
	@echo '    BOARD=virt|unleashed  the board that make qemu-gdb was told (default virt)'
	@echo '    FIRMWARE=stub|sbi   the image that it was told (default stub)'
	@echo '    GDB_PORT=1234       where they meet (default 1234)'
	@echo 'make fuzz      feed the parsers, loaders, virtio, drivers and the decoder with bad input until something breaks'
	@echo '    TARGET=all|blob|card|decoder|gem|kernel|network|partitions|tree|virtio  what is fed (default all)'
	@echo '    FOR=60              seconds after which it ends (default 0: it does not)'
	@echo 'make test      unit, compiler and whole-system tests'
	@echo '    FILTER=...          a filter of dotnet test (default: all tests)'
	@echo 'make lockstep  random privileged programs, on the reference hart and under Rvirt'
	@echo '    N=10000000          instructions (default 10000000)'
	@echo '    SEED=1              seed of the first program (default 1)'
	@echo '    JOBS=2              programs at a time (default: as many as the machine has processors)'
	@echo '    SWITCH=1            put the virtual hart down after every trap, spoil its hart, and go on with it (default 0)'
	@echo '    VECTORS=1           vectors on both machines, and vector instructions in the programs (default 0)'
	@echo '    SIBLINGS=1          two or three virtual harts, which take turns on one hart of the host (default 0)'
	@echo 'make stress    stress-ng in a Debian guest of four harts, on four, two and one of the host'\''s in turn (docs/testing.md)'
	@echo '    FOR=10m             how long it runs in all, in seconds, or with m or h (default 6m); starts and hashes come on top'
	@echo '    FIRMWARE=stub|sbi|resident  Rvirt with its own machine-mode part, above OpenSBI, or with a resident guest (default stub)'
	@echo '    VCPUS=1..8          harts of the guest (default 4)'
	@echo '    HARTS="4 2 1"       harts of the host, in turn (default "4 2 1")'
	@echo '    CLASS=all|tlb|memory|code|signals|processes|locks|switches|vectors|hotplug  what is stressed (default all)'
	@echo '    NATIVE=1            the same guest without Rvirt, to compare (default 0)'
	@echo 'make bench     benchmarks: BenchmarkDotNet on this machine, and the benchmark guest on QEMU'
	@echo '    BENCH="guest|harts|profile|nested|desktop|publish|size ..."  one of them, with its options; size: where the bytes of the image go (default: guest, harts, publish and desktop)'
	@echo '    TRACE="csrr sscratch"  a row of the first table: by function, what the hypervisor executes for it (default: none)'
	@echo 'make ratios    what a Debian guest takes under Rvirt on the clock, as many times as without: boot, hash, compile, disk, network (docs/performance.md)'
	@echo '    RUNS=3              boots of each machine, in turn (default 3)'
	@echo '    DOCS=1              table and picture go into docs (default 0)'
	@echo 'make desktop-linux  boot the Debian guest without QEMU, on an interpreted hart in this process, under Rvirt'
	@echo '    NATIVE=1            without Rvirt (default 0)'
	@echo '    APPEND="..."        the command line of the kernel (default "console=ttyS0 rvirt.name=desktop")'
	@echo '    UNTIL=TEXT          end when the console shows it (default "login:")'
	@echo '    STRICT=1            a hart on which a missing fence shows (default 0)'
	@echo 'make picture   the picture of the README: two guests and the monitor, as they answer'
	@echo 'make coverage  line and branch coverage of the fast tests, as a table and in artifacts/coverage'
	@echo 'make mutation  mutation testing of a library; slow: see docs/mutation.md'
	@echo '    PROJECT=Core|Mmu    the library (needed)'
	@echo '    FILES="**/Sbi/*.cs"  its files (default **/*.cs)'
	@echo 'make image     the hypervisor images, in $(images)'
	@echo '    BOARD=virt|unleashed|generic  that board alone (default: all)'
	@echo 'make sdcard    an SD card for the HiFive Unleashed, with its boot loader, Rvirt and guests (docs/boards/unleashed.md)'
	@echo '    CARD=FILE           where it goes (default artifacts/unleashed/sdcard.img)'
	@echo '    GUESTS=N            1 to 4: that many guests, each with a partition of the card (default 1)'
	@echo '    VCPUS=N             1 to 4: harts of each guest (default 1)'
	@echo '    SUITE=trixie|forky|sid  the suite of Debian that the guest is made of (default trixie)'
	@echo '    KERNEL=FILE         your own kernel, or a blob of guests (default: that of the Debian guest)'
	@echo '    INITRD=FILE         its initial RAM disk (default: none with KERNEL)'
	@echo '    APPEND="..."        the command line (default "console=ttyS0")'
	@echo '    MEMORY=256M         RAM of each guest (default 512M)'
	@echo 'make fit       what U-Boot loads there, without the card: in place of the firmware, and for bootm; settings as for make sdcard, but for CARD'
	@echo 'make packages  the libraries and the compiler as NuGet packages, in artifacts/packages (docs/packages.md)'
	@echo 'make api       the documentation of all that is public in the libraries, as Markdown, in artifacts/api-pages'
	@echo 'make release   an archive that runs without .NET: images, tool, guest, checksums, in artifacts/release'
	@echo 'make guest     the Debian guest, in artifacts/guest'
	@echo '    SUITE=trixie|forky|sid  the suite of Debian that it is made of (default trixie); the others go to artifacts/guest-SUITE'
	@echo 'make newest    the guest with the newest kernel that Debian serves, which tests boot beside the other, in artifacts/guest-sid'
	@echo 'make debian-root  the root disk of that whole Debian, in artifacts/debian'
	@echo 'make firmware  the newest OpenSBI that Debian serves, which tests run Rvirt above, and U-Boot for cards, in artifacts/firmware'
	@echo 'make tool      Rvirt.Tool, which judges settings and runs guests (each target that needs it does that by itself)'
	@echo 'make judge     judges the settings that are typed with other targets, before those do anything (each does that by itself)'
	@echo 'make setup     the Debian packages all this needs (each target does that by itself)'
	@echo 'make clean     remove what was built; downloads stay in ~/.cache/rvirt'

# What judges the settings, typed or of the environment, comes first: it needs nothing that is built or downloaded after it.
tool:
	@$(need_sdk)
	@if [ ! -f $(lastword $(tool)) ] || $(call newer,$(tool_record),Rvirt.Tool Rvirt.Core $(projects)); then \
		echo 'tool: building what judges settings and runs guests' >&2; \
		mkdir -p $(dir $(tool_record)) Rvirt.Tool/bin Rvirt.Core/bin Rvirt.Core/obj && touch $(tool_record).$$$$ && \
		dotnet build Rvirt.Tool -c $(configuration) -v q --nologo -p:RunAnalyzers=false '-clp:ErrorsOnly;NoSummary' >&2 && mv $(tool_record).$$$$ $(tool_record); fi

judge: tool
	@$(tool) settings

qemu qemu-gdb debian debian-test fit sdcard gdb ssh test lockstep stress bench ratios mutation desktop-linux fuzz: tool

setup: judge
	@guests/setup.sh

image: setup
	@echo 'image: compiling Rvirt'
	@for board in $(boards); do record=$$board/obj/restored; \
		if [ ! -f $$record ] || ! xargs ls <$$record >/dev/null 2>&1 || $(call newer,$$record,$(projects)); then \
			mkdir -p $$board/obj && touch $$record.$$$$ && dotnet restore $$board -v q --nologo && \
			ls */obj/project.assets.json >$$record && touch -r $$record.$$$$ $$record && rm $$record.$$$$ || exit; fi; \
		dotnet publish $$board -c $(configuration) -v q --nologo --no-restore || exit; done
	@ls -l $(images)/*.elf | awk '{ print "image: " $$9 ", " $$5 " bytes" }'

guest: setup
	@guests/build.sh

newest: setup
	@SUITE=sid guests/build.sh

firmware: setup
	@guests/firmware.sh

qemu: $(if $(filter 1,$(NATIVE)),,image) guest
	@exec $(tool) run

fit: image guest firmware
	@exec $(tool) fit

sdcard: image guest firmware
	@exec $(tool) sdcard

qemu-gdb: image guest
	@echo 'debug: in another terminal: make gdb$(if $(filter unleashed,$(BOARD)), BOARD=unleashed)$(if $(filter sbi,$(FIRMWARE)), FIRMWARE=sbi)$(if $(GDB_PORT), GDB_PORT=$(GDB_PORT))'
	@exec $(tool) run-gdb

gdb: setup
	@exec $(tool) gdb-hypervisor

ssh: judge
	@exec $(tool) ssh

# What these need is the guest of the pinned suite, whatever the environment says.
test stress ratios release desktop-linux debian debian-test debian-root: export SUITE :=
test: image guest newest firmware
	@guests/stress.sh
	@guests/trees.sh
	@echo 'test: running the tests; results go to artifacts/test-results'
	@rm -rf artifacts/test-results
	@$(tool) test || { awk -f .ci/failures.awk artifacts/test-results/*.trx; exit 1; }

# A program's machines are some megabytes: kept by malloc from one to the next, not given back to the kernel, it runs twice as fast.
lockstep: export MALLOC_MMAP_THRESHOLD_ = 1000000000
lockstep: export MALLOC_TRIM_THRESHOLD_ = 2000000000
lockstep: export MALLOC_TOP_PAD_ = 64000000
lockstep: judge
	@echo 'lockstep: building'
	@dotnet build Rvirt.Tests -c $(configuration) --nologo -v q
	@exec $(tool) lockstep

.PHONY: ratios
ratios: image guest
	@echo 'ratios: building'
	@dotnet build Rvirt.Tests -c $(configuration) --nologo -v q -clp:ErrorsOnly
	@exec $(tool) ratios

stress: image guest
	@guests/stress.sh
	@echo 'stress: building'
	@dotnet build Rvirt.Tests -c $(configuration) --nologo -v q -clp:ErrorsOnly
	@exec $(tool) stress

bench: image
	@echo 'bench: this takes several minutes'
	@exec $(tool) bench

# What runs in a minute without QEMU, clang or a guest.
override coverage_tests := FullyQualifiedName~Rvirt.Tests.Core|FullyQualifiedName~Rvirt.Tests.Mmu|FullyQualifiedName~Rvirt.Tests.Devices|FullyQualifiedName~HypervisorTests|FullyQualifiedName~DesktopOperation

.PHONY: debian debian-test debian-root
debian-root: guest
	@guests/debian.sh

debian: $(if $(filter 1,$(NATIVE)),,image) debian-root
	@exec $(tool) debian

debian-test: image debian-root
	@echo 'debian-test: building'
	@dotnet build Rvirt.Tests -c $(configuration) --nologo -v q -clp:ErrorsOnly
	@exec $(tool) debian-test

.PHONY: picture
picture: image guest
	@echo 'picture: building'
	@dotnet build Rvirt.Tests -c $(configuration) --nologo -v q -clp:ErrorsOnly
	@exec dotnet Rvirt.Tests/bin/$(configuration)/net10.0/Rvirt.Tests.dll picture

.PHONY: coverage mutation
coverage: judge
	@echo 'coverage: running the fast tests'
	@rm -rf artifacts/coverage && dotnet tool restore >/dev/null
	@dotnet test Rvirt.Tests -c $(configuration) --nologo -v q --filter '$(coverage_tests)' --collect 'XPlat Code Coverage' --results-directory artifacts/coverage \
		-- 'DataCollectionRunSettings.DataCollectors.DataCollector.Configuration.Include=[Rvirt.Core]*,[Rvirt.Mmu]*,[Rvirt.Devices]*'
	@dotnet reportgenerator -verbosity:Warning -reports:'artifacts/coverage/*/coverage.cobertura.xml' -targetdir:artifacts/coverage -reporttypes:'Html;MarkdownSummaryGithub'
	@echo '| library | lines | branches |' && grep '^|\*\*Rvirt' artifacts/coverage/SummaryGithub.md | tr -d '*'
	@echo 'coverage: by class and line in artifacts/coverage/index.html'

mutation: judge
	@dotnet tool restore >/dev/null
	@exec $(tool) mutation

.PHONY: packages
packages: judge
	@echo 'packages: building'
	@rm -rf artifacts/packages
	@dotnet pack rvirt.sln -c $(configuration) --nologo -v q -clp:ErrorsOnly
	@ls -l artifacts/packages | awk 'NR > 1 { print "packages: artifacts/packages/" $$9 ", " $$5 " bytes" }'

.PHONY: api
api: judge
	@echo 'api: building'
	@for project in Rvirt.Testing Rvirt.Platform.Qemu Rvirt.Platform.Unleashed Rvirt.Platform.Generic; do \
		dotnet build $$project -c $(configuration) --nologo -v q -p:RunAnalyzers=false '-clp:ErrorsOnly;NoSummary' || exit; done
	@dotnet tool restore >/dev/null && rm -rf artifacts/api-pages && dotnet docfx metadata docs/api.json --warningsAsErrors >artifacts/api.log || { cat artifacts/api.log; exit 1; }
	@echo "api: $$(find artifacts/api-pages -name '*.md' | wc -l) pages in artifacts/api-pages"

.PHONY: release
release: image guest tool
	@guests/release.sh

.PHONY: desktop-linux
desktop-linux: guest
	@echo 'desktop-linux: building the reference machine'
	@dotnet build Rvirt.Desktop -c $(configuration) --nologo -v q -clp:ErrorsOnly
	@exec $(tool) desktop

.PHONY: fuzz
fuzz: judge
	@echo 'fuzz: building; what it finds goes to artifacts/fuzz'
	@dotnet build Rvirt.Fuzz -c $(configuration) -v q --nologo -clp:ErrorsOnly
	@exec $(tool) fuzz

clean:
	@rm -rf artifacts
	@find . -path ./.git -prune -o -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
	@echo 'clean: removed artifacts and every bin and obj'
