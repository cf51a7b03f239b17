"""Certificates for tests, made with openssl(1): a private authority, and servers that it, or nobody, vouches for.

    files = tls_files.make(folder)
    files["ca"]                          give it to the client as a further authority
    files["good"] -> (chain, key)        localhost and 127.0.0.1, signed by ca
    files["other_host"]                  elsewhere.example, signed by ca
    files["expired"]                     localhost, ended in 2020, signed by ca
    files["unknown"]                     localhost, signed by itself
    files["server_context"]("good")      an ssl.SSLContext for a server
"""
import pathlib
import ssl
import subprocess

CONFIG = """[ca]
default_ca = mine
[mine]
dir = {folder}
database = $dir/index.txt
new_certs_dir = $dir
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
"""

NAMES = {
    "good": ("localhost", "DNS:localhost,IP:127.0.0.1"),
    "other_host": ("elsewhere.example", "DNS:elsewhere.example"),
    "expired": ("localhost", "DNS:localhost,IP:127.0.0.1"),
}
DATES = {"expired": ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]}


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_authority(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.txt").write_text("")
    (folder / "openssl.cnf").write_text(CONFIG.format(folder=folder))
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test authority",
            "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-addext", "basicConstraints=critical,CA:TRUE")


def make_server(folder, name):
    common_name, alternatives = NAMES[name]
    key, request, chain = folder / f"{name}.key", folder / f"{name}.csr", folder / f"{name}.pem"
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={common_name}", "-config", folder / "openssl.cnf",
            "-addext", f"subjectAltName={alternatives}", "-keyout", key, "-out", request)
    openssl("ca", "-batch", "-notext", "-config", folder / "openssl.cnf", "-cert", folder / "ca.pem",
            "-keyfile", folder / "ca.key", "-in", request, "-out", chain, *DATES.get(name, ["-days", "2"]))
    return chain, key


def make(folder):
    folder = pathlib.Path(folder)
    make_authority(folder)
    files = {"ca": folder / "ca.pem"}
    for name in NAMES:
        files[name] = make_server(folder, name)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout", folder / "unknown.key", "-out", folder / "unknown.pem")
    files["unknown"] = (folder / "unknown.pem", folder / "unknown.key")

    def server_context(name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, files[name]))
        return context

    files["server_context"] = server_context
    return files
