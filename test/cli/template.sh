# What every case finds in its directory. Run once, with sh -e.
umask 022
mkdir .bin
for program in seal open; do
  printf '#!/bin/sh\nexec "$NODE" "$TREE/bin/%s.js" "$@"\n' $program > .bin/$program
done
# Runs a command with the clock so many seconds off: at -3600 seal …
cat > .bin/clock.mjs <<'CLOCK'
const now = Date.now;
Date.now = () => now() + 1000 * Number(process.env.CLOCK_OFFSET);
CLOCK
printf '#!/bin/sh\nexport CLOCK_OFFSET=$1 NODE_OPTIONS=--import=%s/.bin/clock.mjs; shift\nexec "$@"\n' "$PWD" > .bin/at
chmod +x .bin/*

# Whose names say what they do (and whose keys are classic: cases state exact sizes): master sends, alice, bob and server receive, mallory is nobody's friend.
for name in alice bob master mallory; do seal keygen -q --classic -o $name.key; done
# What server opens needs no --from.
seal keygen -q --classic -o server.key --from master.pub

printf 'for alice\n' > plan.txt
printf 'for alice\n' > secret
seal -q secret --to alice.pub --to server.pub --sign master.key --label 'release 7'
seal -q secret --to alice.pub --unsigned -o unsigned.sealed
seal -q secret --to alice.pub --to server.pub --sign mallory.key -o forged.sealed
rm secret
