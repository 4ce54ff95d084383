"""The console: the operator's commands as pages in a browser, served on this machine (docs/console.md).

Pages are a thin layer over the functions of `ops`, as the commands are. Everything here runs on the operator's
machine only: aiohttp and Jinja2 are not in the bundle.

app          the routes, the checks of every request, and entering
answers      how an answer is made; page_routes, action_routes, number_routes: what it answers
safety       who may use it: addresses, sessions, the checks of every request
sessions     what the console knows of one browser
threads      the threads in which AWS is called, apart for reads, clicks and actions
memory       keeps the memory of the process small
parts        the parts of pages, each of which is read, refreshed and fails alone
actions      what changes something: a question, then the change and its result
out_ids      names of campaigns as they are shown, and typed to confirm
code_words, check_words: failure codes and the doctor's checks in Chinese
words        every text of the pages in both languages
drawing      bars and timelines as SVG
problems     errors of AWS and of the bridge, as a banner with the command that helps
pages        one module for each page
server       the process: port, addresses, the end
control      a second process asks a running console for a fresh address
"""
