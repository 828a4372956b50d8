'use strict'
{
  const $ = id => document.getElementById(id)
  const T = JSON.parse($('texts').textContent)
  const form = $('form'), log = $('log'), words = $('words'), note = $('note')
  const IDLE = 15 * 60e3, WARN = 13 * 60e3
  const KEPT = 't'

  let token = ''        // opens the talk; lies in this tab only
  let opening = ''
  let seq = 0, lastId = '', asked = { serial: 0, groups: [] }
  let outbox = [], sending = false, tries = 0
  let run = 0, abort = null
  let active = Date.now(), pinged = 0, shifts = []
  let anchor = log, anchored = 0

  // --- the tab's memory: gone with the tab ---------------------------------------------------
  const remember = value => {
    token = value
    try { value ? sessionStorage.setItem(KEPT, value) : sessionStorage.removeItem(KEPT) } catch { /* blocked: only a reload is lost */ }
  }
  const remembered = () => { try { return sessionStorage.getItem(KEPT) || '' } catch { return '' } }
  const fresh = () => [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, '0')).join('')

  const call = async (path, options = {}) => {
    const mine = token
    const answer = await fetch('/chat/' + path, {
      cache: 'no-store', credentials: 'omit', ...options,
      headers: { ...(mine && { Authorization: 'Bearer ' + mine }), ...options.headers },
    })
    if (mine !== token) throw answer // the talk it was about has been left
    return answer
  }
  const post = (path, body, more) => call(path, body instanceof FormData ? { method: 'POST', body, ...more } : {
    method: 'POST', body: JSON.stringify(body || {}), headers: { 'Content-Type': 'application/json' }, ...more,
  })
  const isShut = answer => answer.status === 401 || answer.status === 410
  let waiting = []
  const pause = ms => new Promise(done => { waiting.push(done); setTimeout(done, ms) })
  const goOn = () => { for (const done of waiting.splice(0)) done() }
  const tell = text => { if (note.textContent !== text) note.textContent = text }

  // --- showing -------------------------------------------------------------------------------
  const make = (tag, cls, text) => {
    const element = document.createElement(tag)
    if (cls) element.className = cls
    if (text) element.textContent = text
    return element
  }
  const isAnytime = key => /^(go|a|d|f|lang|m|p|r|v|x):/.test(key)

  // Emergency numbers can be pressed; a number after "Điều" or "khoản" is an article of law.
  const withNumbers = (element, text) => {
    for (const part of text.split(/((?:Điều|khoản|số) \d+|\b1800\.1233\b|\b11[1345]\b)/)) {
      if (/^1[\d.]+$/.test(part)) {
        const link = make('a', '', part)
        link.href = 'tel:' + part.replace('.', '')
        element.append(link)
      } else element.append(part)
    }
    return element
  }

  const bubble = m => {
    const element = make('article', 'm ' + (m.in ? 'mine' : m.office ? 'office' : 'ours'))
    element.append(make('p', m.office ? 'who' : 'vh', m.in ? T.you : m.office ? T.officer + ' · ' + m.office : T.title))
    if (m.text) element.append(m.in ? make('p', 't', m.text) : withNumbers(make('p', 't'), m.text))
    if (m.file_id) {
      const row = make('p', 'c'), view = make('button', 'b', T.view_file)
      view.type = 'button'
      view.onclick = () => show(m.file_id, row)
      row.append(view)
      element.append(row)
    }
    if (!m.in && m.buttons) element.append(choices(m))
    return element
  }

  const choices = m => {
    const group = make('div', 'c')
    group.setAttribute('role', 'group')
    group.setAttribute('aria-label', T.choose)
    for (const b of m.buttons) {
      if (b.ticked == null) {
        const button = make('button', b.key === 'done' ? 'b main' : 'b', b.label)
        button.type = 'button'
        button.dataset.key = b.key
        button.onclick = () => press(button, group, m.serial || 0)
        group.append(button)
      } else {
        const box = make('label', 'b box'), input = make('input')
        input.type = 'checkbox'
        input.value = b.key
        input.checked = b.ticked
        box.append(input, b.label)
        group.append(box)
      }
    }
    const serial = m.serial || 0
    if (serial > asked.serial) {
      for (const older of asked.groups) rest(older)
      asked = { serial, groups: [] }
    }
    if (serial < asked.serial) rest(group)
    else asked.groups.push(group)
    return group
  }

  // Not `disabled`: the button that was pressed keeps the keyboard's focus.
  const rest = group => {
    for (const button of group.querySelectorAll('button')) {
      if (!isAnytime(button.dataset.key)) button.setAttribute('aria-disabled', 'true')
    }
    for (const input of group.querySelectorAll('input')) input.disabled = true
  }

  const show = async (id, place) => {
    try {
      const answer = await call('file/' + id)
      if (isShut(answer)) return forget()
      if (!answer.ok) return
      const blob = await answer.blob(), url = URL.createObjectURL(blob)
      if (blob.type.startsWith('image/')) {
        const image = make('img')
        image.alt = T.photo_sent
        image.onload = () => URL.revokeObjectURL(url)
        image.src = url
        place.replaceChildren(image)
      } else {
        const link = make('a')
        link.href = url
        link.download = blob.type === 'application/pdf' ? 'tep.pdf' : 'tep'
        link.click()
        setTimeout(() => URL.revokeObjectURL(url), 60e3)
      }
    } catch { tell(T.offline) }
  }

  // What came in at once is read downwards, from the citizen's own words that it answers.
  const scrollFrom = (element, isMine) => {
    const now = Date.now()
    if (isMine || !anchor.isConnected || now - anchored > 10e3) { anchor = element; anchored = now }
    requestAnimationFrame(() => scrollTo(0, anchor.getBoundingClientRect().top + scrollY - 72))
  }

  let typingEnds = 0, withOfficer = false
  // A machine answers within seconds; when an officer does, nobody can say.
  const typing = ms => {
    if (withOfficer) ms = 0
    clearTimeout(typingEnds)
    $('typing').hidden = !ms
    if (ms) typingEnds = setTimeout(() => typing(0), ms)
  }

  const showTalk = on => {
    $('welcome').hidden = on
    $('leave').hidden = !on
  }

  const received = m => {
    seq = m.seq
    lastId = m.id
    if (m.in) {
      const at = outbox.findIndex(item => m.client_id ? item.id === m.client_id : item.taken)
      if (at >= 0) {
        const [item] = outbox.splice(at, 1)
        item.element.remove()
        m.text = m.text || (m.file_id ? '' : item.shown)
      }
      typing($('typing').hidden ? 0 : 2500)
    } else {
      withOfficer = Boolean(m.office)
      typing(0)
      $('place').hidden = m.ask !== 'location' || !navigator.geolocation
      words.inputMode = m.ask === 'phone' ? 'tel' : ''
    }
    if (m.in && !m.text && !m.file_id) return
    const element = bubble(m)
    log.insertBefore(element, outbox.length ? outbox[0].element : null)
    scrollFrom(element, m.in)
  }

  // --- hearing -------------------------------------------------------------------------------
  const listen = async () => {
    const mine = ++run
    let wait = 1000
    while (mine === run && token) {
      abort = new AbortController()
      let quiet = 0
      const alive = () => { clearTimeout(quiet); quiet = setTimeout(() => abort.abort(), 45e3) }
      try {
        alive()
        const answer = await call('stream?after=' + seq + '&last=' + lastId, { signal: abort.signal })
        if (mine !== run) return
        if (isShut(answer)) return forget()
        if (!answer.ok) throw answer
        wait = 1000
        if (note.textContent === T.offline) tell('')
        const reader = answer.body.getReader(), decoder = new TextDecoder()
        let text = ''
        for (;;) {
          const { done, value } = await reader.read()
          if (done || mine !== run) break
          alive()
          const events = (text + decoder.decode(value, { stream: true })).split('\n\n')
          text = events.pop()
          for (const event of events) {
            const [, name, data] = event.match(/^event: (.*)\ndata: (.*)$/) || []
            if (name === 'message') received(JSON.parse(data))
            else if (name === 'reset') {
              outbox = outbox.filter(item => !item.taken)
              clear()
            }
            else if (name === 'shut') return forget()
          }
        }
      } catch { if (mine === run) tell(T.offline) }
      clearTimeout(quiet)
      if (mine !== run) return
      await pause(wait * (1 + Math.random() / 2))
      wait = Math.min(wait * 2, 20e3)
    }
  }

  // --- saying --------------------------------------------------------------------------------
  // With the database away nothing is kept, but somebody in danger is told whom to call.
  const tellCard = async answer => {
    const said = await answer.json().catch(() => ({}))
    if (said.note) tell(said.note)
  }

  const enter = async (words_follow, words = '') => {
    if (token) return true
    opening = opening || fresh()
    const answer = await post('open', { opening, payload: form.payload.value, words_follow, words: words.slice(0, 2000) })
    if (isShut(answer)) { forget(); return false }
    if (!answer.ok) { await tellCard(answer); throw answer }
    remember((await answer.json()).token)
    showTalk(true)
    typing(8000)
    listen()
    return true
  }

  const put = (shown, body) => {
    const item = { id: fresh(), shown, body, element: bubble({ in: true, text: shown }), state: make('p', 'state', T.sending) }
    item.element.append(item.state)
    log.append(item.element)
    outbox.push(item)
    showTalk(true)
    scrollFrom(item.element, true)
    send()
  }

  const envelope = item => {
    if (!item.body.file) return ['say', { client_id: item.id, ...item.body }]
    const data = new FormData()
    data.append('client_id', item.id)
    data.append('file', item.body.file, item.body.name)
    return ['file', data]
  }

  const send = async () => {
    if (sending) return
    sending = true
    try {
      let item
      while ((item = outbox.find(i => !i.taken && !i.failed))) {
        try {
          if (!await enter(true, item.body.text)) return
          const answer = await post(...envelope(item))
          if (isShut(answer)) return forget()
          if (answer.status >= 500 || answer.status === 429) {
            await tellCard(answer)
            throw answer
          }
          const said = await answer.json()
          if (said.note) tell(said.note)
          if (answer.ok) { item.taken = true; item.state.textContent = ''; typing(8000) }
          else { item.failed = true; item.state.textContent = T.failed; outbox = outbox.filter(i => i !== item) }
          tries = 0
          goOn()
          active = pinged = Date.now()
        } catch (problem) {
          if (problem instanceof TypeError) tell(T.offline) // nobody answered: no card can come
          if (!outbox.includes(item)) continue
          item.state.textContent = T.unsent
          await pause(Math.min(1000 * 2 ** tries++, 20e3))
        }
      }
    } finally { sending = false }
  }

  const press = (button, group, serial) => {
    if (button.getAttribute('aria-disabled')) return
    const ticked = button.dataset.key === 'done' ? [...group.querySelectorAll('input:checked')] : []
    const labels = ticked.map(input => input.parentNode.textContent)
    if (!isAnytime(button.dataset.key)) rest(group)
    tell('')
    put(labels.join(', ') || button.textContent, { key: [...ticked.map(i => i.value), button.dataset.key].join(','), serial })
  }

  const sayWords = () => {
    const text = words.value
    if (!text.trim()) return words.focus()
    tell('')
    put(text, { text })
    words.value = ''
    fit()
  }

  const fit = () => {
    if (CSS.supports('field-sizing', 'content')) return
    words.style.height = 'auto'
    words.style.height = words.scrollHeight + 4 + 'px'
  }

  // A photo is made small before it goes out, and loses what the camera wrote about the place.
  const shrink = async file => {
    if (!file.type.startsWith('image/')) return file
    try {
      const image = await createImageBitmap(file, { imageOrientation: 'from-image' })
      const scale = Math.min(1, 1600 / Math.max(image.width, image.height))
      const canvas = make('canvas')
      canvas.width = Math.round(image.width * scale)
      canvas.height = Math.round(image.height * scale)
      canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height)
      return await new Promise(done => canvas.toBlob(blob => done(blob || file), 'image/jpeg', .82))
    } catch { return file }
  }

  // --- leaving -------------------------------------------------------------------------------
  const clear = () => {
    log.replaceChildren()
    for (const item of outbox) log.append(item.element)
    seq = 0
    lastId = ''
    asked = { serial: 0, groups: [] }
    withOfficer = false
    $('place').hidden = true
  }

  const forget = () => {
    run++
    abort?.abort()
    remember('')
    opening = ''
    outbox = []
    clear()
    form.reset()
    for (const name of ['token', 'opening', 'payload']) form[name].value = ''
    words.value = words.defaultValue = ''
    fit()
    tell('')
    typing(0)
    showTalk(false)
    scrollTo(0, 0)
  }

  const shut = () => {
    if (token) post('shut', null, { keepalive: true }).catch(() => {})
    forget()
  }

  const quickExit = () => {
    shut()
    document.body.replaceChildren()
    location.replace(to)
  }
  const to = $('quick').dataset.to

  const seen = () => {
    watch() // a phone that slept may wake up long after the time was over
    active = Date.now()
    if (note.textContent === T.idle_soon) tell('')
    if (!token || active - pinged < 60e3) return
    pinged = active
    post('ping').then(answer => { if (isShut(answer)) forget() }, () => {})
  }

  const watch = () => {
    if (!token) return
    const idle = Date.now() - active
    if (idle >= IDLE) shut()
    else if (idle >= WARN) tell(T.idle_soon)
  }

  const arrive = () => {
    clear()
    token = remembered()
    if (!token) return
    showTalk(true)
    active = Date.now()
    pinged = 0
    seen()
    setTimeout(() => { pinged = 0; seen() }, 10e3) // the reload's own "away" may come in late
    listen()
  }

  // --- the page ------------------------------------------------------------------------------
  const on = (element, what) => element.addEventListener('click', event => {
    event.preventDefault()
    what(element)
  })
  on($('quick'), quickExit)
  on($('leave'), () => { shut(); $('welcome').querySelector('h2').focus() })
  on($('begin'), () => words.value.trim() ? sayWords() : enter(false).catch(() => tell(T.offline)))
  on($('have'), button => put(button.textContent, { key: 'go:status' }))
  form.addEventListener('submit', event => { event.preventDefault(); sayWords() })
  words.addEventListener('input', fit)
  words.addEventListener('keydown', event => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || !matchMedia('(pointer: fine)').matches) return
    event.preventDefault()
    sayWords()
  })
  $('file').addEventListener('change', async event => {
    const chosen = event.target.files[0]
    event.target.value = ''
    if (!chosen) return
    const file = await shrink(chosen)
    if (file.size > 10 * 1024 * 1024) return tell(T.too_large)
    tell('')
    put(T.photo_sent, { file, name: file === chosen ? chosen.name : 'anh.jpg' })
  })
  $('place').addEventListener('click', () => navigator.geolocation.getCurrentPosition(
    found => put(T.place_sent, { lat: found.coords.latitude, lon: found.coords.longitude }),
    () => { tell(T.place_failed); words.focus() },
    { timeout: 15e3, maximumAge: 60e3 },
  ))
  addEventListener('keydown', event => {
    if (event.key !== 'Shift') { shifts = []; return }
    if (event.repeat) return
    shifts = [...shifts.filter(at => event.timeStamp - at < 3000), event.timeStamp]
    if (shifts.length === 3) quickExit()
  })
  for (const name of ['pointerdown', 'keydown', 'wheel']) addEventListener(name, seen, { passive: true })
  addEventListener('visibilitychange', () => { watch(); goOn() })
  addEventListener('online', goOn)
  setInterval(watch, 20e3)
  addEventListener('pagehide', () => {
    if (!token) return
    post('away', null, { keepalive: true }).catch(() => {})
    run++
    abort?.abort()
    clear()
    log.replaceChildren() // what a browser keeps for "Back" holds no talk
  })
  addEventListener('pageshow', event => { if (event.persisted) arrive() })

  document.documentElement.className = 'js'
  if (form.token.value) {
    remember(form.token.value)
    form.token.value = ''
  }
  history.replaceState(null, '', '/')
  arrive()
}
