"""Certificates that sign themselves, by the command openssl."""

import subprocess

TIMEOUT_S = 120


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
