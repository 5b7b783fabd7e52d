"""Certificates that sign themselves, by the command openssl."""

import datetime
import subprocess

TIMEOUT_S = 120
AUTHORITY = """[ca]
default_ca = ours
[ours]
database = {place}/index.txt
new_certs_dir = {place}
rand_serial = yes
default_md = sha256
policy = policy
[policy]
commonName = supplied
"""


def openssl(*arguments, **more):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=TIMEOUT_S, **more)


def make_certificate(directory, name, days=2):
    """Its file and its key's."""
    certificate, key = directory / f"{name}.pem", directory / f"{name}.key"
    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", key)
    if days > 0:
        openssl(*new, "-x509", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", str(days), "-out", certificate)
    else:  # of which `req` makes none
        request = openssl(*new, "-new").stdout
        openssl("x509", "-req", "-signkey", key, "-days", str(days), "-out", certificate, input=request)
    key.chmod(0o600)
    return certificate, key


def make_certificate_until(directory, name, seconds):
    """One that has been valid for an hour and expires in so many seconds, which takes an authority's bookkeeping."""
    certificate, key = make_certificate(directory, name)
    (directory / "index.txt").write_text("")
    (directory / "authority.cnf").write_text(AUTHORITY.format(place=directory))
    now = datetime.datetime.now(datetime.timezone.utc)
    start, end = ((now + datetime.timedelta(seconds=s)).strftime("%Y%m%d%H%M%SZ") for s in (-3600, seconds))
    request = directory / f"{name}.csr"
    openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
    openssl(
        *("ca", "-batch", "-notext", "-selfsign", "-config", directory / "authority.cnf", "-keyfile", key, "-in", request),
        *("-startdate", start, "-enddate", end, "-out", certificate),
    )
    return certificate, key
