# What the rules of semgrep.yml must see and what they must leave alone: `make rules`. Never run.

# ruleid: import
from urllib.request import urlopen

# ok: import
import httpx

# ruleid: markup
Markup(f"<b>{name}</b>")
# ok: markup
Markup("<b>")

# ruleid: shell
run(command, shell=True)
# ruleid: shell
os.system(command)
# ok: shell
run(command, shell=False)

# ruleid: yaml
yaml.load(text)
# ok: yaml
yaml.safe_load(text)

# ruleid: eval
eval(text)
# ok: eval
re.compile(text)

# ruleid: sql
session.execute(f"DELETE FROM cases WHERE id = {id}")
# ruleid: sql
sa.text("SELECT " + column)
# ok: sql
session.execute(sa.text("SELECT 1"))

# ruleid: log-built
log.info(f"{name} wrote")
# ok: log-built
log.info("sent %s", row.id)

# ruleid: log-personal
log.warning("not sent: %s", message.body)
# ruleid: log-personal
log.warning("not sent: %s", phone)
# ok: log-personal
log.warning("not sent: %s", row.id)

# ruleid: secret-compared
allowed = given == settings.webhook_secret
# ok: secret-compared
allowed = hmac.compare_digest(given, settings.webhook_secret)
