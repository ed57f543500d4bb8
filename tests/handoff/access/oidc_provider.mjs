// A real OpenID provider on a free port, with a page to sign in at: whoever types an e-mail is that person.
// Started by test_oidc_real.py as `node oidc_provider.mjs WEB_FOLDER REDIRECT OUT`; says "at ADDRESS" when it can be asked.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [web, redirect, out] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(createRequire(`${web}/package.json`).resolve('oidc-provider')));

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'silta', client_secret: 'a secret+with/signs:in it', redirect_uris: [redirect], post_logout_redirect_uris: [out] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false, // the e-mail is to be in the ID token, as with the usual providers
    cookies: { keys: ['of this test'] },
    pkce: { required: () => true },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: id, email_verified: !id.startsWith('unverified') }),
    }),
  });
  server.on('request', provider.callback());
  console.log(`at ${issuer}`);
});

// Whoever started us is gone.
process.stdin.resume().on('end', () => process.exit(0));
