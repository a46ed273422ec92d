// Its name has a hash: it is never changed, and browsers keep it for a year.
const show = (id, text) => { document.getElementById(id).textContent = text }
const meta = name => document.querySelector(`meta[name=${name}]`).content

async function run() {
  show('inline', window.ran_with_nonce ? 'with its nonce' : 'not even with its nonce')
  const other = meta('other')

  // Another origin: with our cookies, by its leave.
  const who = await fetch(other + '/whoami', { credentials: 'include' }).then(r => r.json())
  show('cors', `it saw theme=${who.theme}`)

  // A stream, read as it comes.
  const reader = (await fetch('/ticks')).body.pipeThrough(new TextDecoderStream()).getReader()
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) document.getElementById('ticks').textContent += piece.value
}

document.getElementById('upload').addEventListener('submit', event => {
  event.preventDefault()
  const request = new XMLHttpRequest()
  request.upload.addEventListener('progress', e => show('progress', `${e.loaded} of ${e.total}`))
  request.addEventListener('load', () => show('uploaded', `${request.status} ${request.responseText}`))
  request.addEventListener('error', () => show('uploaded', 'no answer'))
  request.open('POST', '/upload')
  request.setRequestHeader('X-CSRF-Token', meta('csrf'))
  request.send(new FormData(event.target))
})
run().catch(e => show('errors', String(e)))
